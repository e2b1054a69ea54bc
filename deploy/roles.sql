-- The two roles and the database, as a superuser, once. Change both passwords.
create role releveur_owner login password 'change-me-too';
create role releveur_app login password 'change-me';
create database releveur owner releveur_owner;
