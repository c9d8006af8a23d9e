CREATE TABLE log_format (version INTEGER NOT NULL) STRICT;

-- The end of the log, and the lock that every append takes. One row.
CREATE TABLE log_head (
  one INTEGER PRIMARY KEY CHECK (one = 1),
  position INTEGER NOT NULL,
  stored INTEGER NOT NULL,
  hash BLOB NOT NULL,
  fence INTEGER NOT NULL,
  promised INTEGER NOT NULL
) STRICT;

-- The clear half of each event. Microseconds since 1970 in stored.
CREATE TABLE event (
  position INTEGER PRIMARY KEY,
  stored INTEGER NOT NULL,
  id BLOB NOT NULL,
  kind TEXT NOT NULL,
  schema INTEGER NOT NULL,
  credential BLOB,
  dedupe BLOB,
  stream BLOB,
  stream_version INTEGER,
  facts BLOB NOT NULL,
  slot_hashes BLOB NOT NULL,
  hash BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX event_dedupe ON event (dedupe) WHERE dedupe IS NOT NULL;
CREATE UNIQUE INDEX event_stream ON event (stream, stream_version) WHERE stream IS NOT NULL;
CREATE INDEX event_other ON event (position, kind) WHERE kind <> 'statement';

-- The sealed half. place = position * 65536 + slot, so that slots lie beside each other in one tree.
CREATE TABLE sealed (
  place INTEGER PRIMARY KEY,
  owner BLOB,
  period INTEGER NOT NULL,
  body BLOB NOT NULL
) STRICT;

-- Which slots were deleted, and by which event.
CREATE TABLE sealed_deleted (
  place INTEGER PRIMARY KEY,
  event INTEGER NOT NULL
) STRICT;

-- How far each hook's rows reach.
CREATE TABLE log_hook (
  name TEXT PRIMARY KEY,
  version INTEGER NOT NULL,
  position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO log_format VALUES (1);
INSERT INTO log_head VALUES (1, 0, 0, zeroblob(32), 0, 0);

-- INSERT OR REPLACE deletes without asking delete triggers: nothing may be inserted that could replace.
CREATE TRIGGER event_only_appended BEFORE INSERT ON event
WHEN NEW.position IS NOT (SELECT coalesce(max(position), 0) + 1 FROM event)
  OR (NEW.dedupe IS NOT NULL AND EXISTS (SELECT 1 FROM event WHERE dedupe = NEW.dedupe))
  OR (NEW.stream IS NOT NULL AND EXISTS
      (SELECT 1 FROM event WHERE stream = NEW.stream AND stream_version = NEW.stream_version))
BEGIN SELECT RAISE(ABORT, 'the log is append-only: not the next position, or a key that exists'); END;
CREATE TRIGGER event_never_updated BEFORE UPDATE ON event
BEGIN SELECT RAISE(ABORT, 'the log is append-only: events are not updated'); END;
CREATE TRIGGER event_never_deleted BEFORE DELETE ON event
BEGIN SELECT RAISE(ABORT, 'the log is append-only: events are not deleted'); END;

-- An event whose position is past log_head is being appended by the transaction at hand: the head moves
-- last. Slots come with their event, and go only together with an event that says so.
CREATE TRIGGER sealed_only_with_its_event BEFORE INSERT ON sealed
WHEN NEW.place / 65536 <= (SELECT position FROM log_head)
  OR EXISTS (SELECT 1 FROM sealed WHERE place = NEW.place)
BEGIN SELECT RAISE(ABORT, 'the log is append-only: slots are inserted with their event'); END;
CREATE TRIGGER sealed_never_updated BEFORE UPDATE ON sealed
BEGIN SELECT RAISE(ABORT, 'the log is append-only: slots are not updated'); END;
CREATE TRIGGER sealed_deleted_by_an_event BEFORE DELETE ON sealed
WHEN NOT EXISTS (SELECT 1 FROM sealed_deleted d, log_head h WHERE d.place = OLD.place AND d.event > h.position)
BEGIN SELECT RAISE(ABORT, 'slots are deleted only together with an event that says so'); END;

CREATE TRIGGER deletion_with_its_event BEFORE INSERT ON sealed_deleted
WHEN NEW.event <= (SELECT position FROM log_head)
  OR NOT EXISTS (SELECT 1 FROM event WHERE position = NEW.event)
  OR NOT EXISTS (SELECT 1 FROM sealed WHERE place = NEW.place)
  OR EXISTS (SELECT 1 FROM sealed_deleted WHERE place = NEW.place)
BEGIN SELECT RAISE(ABORT, 'slots are deleted only together with an event that says so'); END;
CREATE TRIGGER deletion_never_updated BEFORE UPDATE ON sealed_deleted
BEGIN SELECT RAISE(ABORT, 'the log is append-only: deletions are not updated'); END;
CREATE TRIGGER deletion_never_deleted BEFORE DELETE ON sealed_deleted
BEGIN SELECT RAISE(ABORT, 'the log is append-only: deletions are not deleted'); END;

CREATE TRIGGER head_is_one BEFORE INSERT ON log_head
BEGIN SELECT RAISE(ABORT, 'the log has one head'); END;
CREATE TRIGGER head_moves_on BEFORE UPDATE ON log_head
WHEN NEW.position < OLD.position OR NEW.stored < OLD.stored OR NEW.fence < OLD.fence
  OR NEW.promised < OLD.promised
  OR NEW.position IS NOT (SELECT coalesce(max(position), 0) FROM event)
BEGIN SELECT RAISE(ABORT, 'the head only moves on, to the last event'); END;
CREATE TRIGGER head_stays BEFORE DELETE ON log_head
BEGIN SELECT RAISE(ABORT, 'the log has one head'); END;
