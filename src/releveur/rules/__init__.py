"""The rules of the trade, in plain Python: read this folder first.

No database, no clock, no file: values in, values out. What a dealer, a customer or an accountant
would argue about with a table of numbers stands here, and docs/rules/ tells it in plain words with
worked numbers that the tests run.

metering      readings, segments, what was printed between two of them, the regularisation
schedule      due dates of a contract, the plan of a campaign, the step that is due
estimation    what a meter shows on a day nobody read it, and why
validation    what is surprising about a value, and what we ask for it
window        which readings may stand for a due day without asking anybody
mailboxes     whether two addresses belong to one company
digits        numbers as people and spreadsheets write them
"""
