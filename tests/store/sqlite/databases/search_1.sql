-- The search index beside version_2.sql: up to date, and laid out as it was then; its texts do not matter.
CREATE TABLE position (one INTEGER PRIMARY KEY CHECK (one = 1), queue_no INTEGER NOT NULL, seq INTEGER NOT NULL);
INSERT INTO position VALUES (1, 10, -1);
CREATE VIRTUAL TABLE texts_1 USING fts5(
    label, prompt, response, action, code, other, content='', contentless_delete=1, detail=full, tokenize=ascii);
INSERT INTO texts_1 (rowid, prompt) VALUES (67108865, 'bookshop');
CREATE VIRTUAL TABLE texts_2 USING fts5(
    label, prompt, response, action, code, other, content='', contentless_delete=1, detail=full, tokenize=ascii);
PRAGMA user_version = 1;
