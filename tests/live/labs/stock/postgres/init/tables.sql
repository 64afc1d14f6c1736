CREATE TABLE goods (name text);
