"""What stands where: models, devices, installations, meters, and who answers for them."""
