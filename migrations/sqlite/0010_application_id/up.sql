-- The file says that it is a database of Talk: "Talk" in ASCII. Other files are refused.
PRAGMA application_id = 1415670891;
