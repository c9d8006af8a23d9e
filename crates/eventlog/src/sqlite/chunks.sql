-- What is too large for a slot, in sealed chunks: a slot names a set of them.
CREATE TABLE chunk (
  set_id BLOB NOT NULL,
  number INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX chunk_place ON chunk (set_id, number);

-- Which slot names which set, and the hashes of its chunks, one after the other.
CREATE TABLE chunk_set (
  position INTEGER NOT NULL,
  slot INTEGER NOT NULL,
  set_id BLOB NOT NULL,
  hashes BLOB NOT NULL,
  PRIMARY KEY (position, slot)
) STRICT;
CREATE INDEX chunk_set_id ON chunk_set (set_id);

-- Sets that no event names yet, and when they were begun; 0: they are being removed.
CREATE TABLE chunk_staged (
  set_id BLOB PRIMARY KEY,
  began INTEGER NOT NULL
) STRICT;

CREATE TRIGGER chunk_only_staged BEFORE INSERT ON chunk
WHEN NOT EXISTS (SELECT 1 FROM chunk_staged WHERE set_id = NEW.set_id AND began > 0)
  OR EXISTS (SELECT 1 FROM chunk_set WHERE set_id = NEW.set_id)
  OR EXISTS (SELECT 1 FROM chunk WHERE set_id = NEW.set_id AND number = NEW.number)
BEGIN SELECT RAISE(ABORT, 'chunks are inserted once, before an event names their set'); END;
CREATE TRIGGER chunk_never_updated BEFORE UPDATE ON chunk
BEGIN SELECT RAISE(ABORT, 'the log is append-only: chunks are not updated'); END;
CREATE TRIGGER chunk_deleted_after_its_slots BEFORE DELETE ON chunk
WHEN EXISTS (SELECT 1 FROM chunk_set c JOIN sealed s ON s.place = c.position * 65536 + c.slot
             WHERE c.set_id = OLD.set_id)
BEGIN SELECT RAISE(ABORT, 'chunks stay while a slot names their set'); END;

CREATE TRIGGER chunk_set_with_its_event BEFORE INSERT ON chunk_set
WHEN NEW.position <= (SELECT position FROM log_head)
  OR EXISTS (SELECT 1 FROM chunk_set WHERE position = NEW.position AND slot = NEW.slot)
  OR (SELECT count(*) FROM chunk WHERE set_id = NEW.set_id) * 32 <> length(NEW.hashes)
BEGIN SELECT RAISE(ABORT, 'a set of chunks is named once, whole, with its event'); END;
CREATE TRIGGER chunk_set_never_updated BEFORE UPDATE ON chunk_set
BEGIN SELECT RAISE(ABORT, 'the log is append-only: sets of chunks are not updated'); END;
CREATE TRIGGER chunk_set_never_deleted BEFORE DELETE ON chunk_set
BEGIN SELECT RAISE(ABORT, 'the log is append-only: sets of chunks are not deleted'); END;

INSERT INTO log_format VALUES (2);
