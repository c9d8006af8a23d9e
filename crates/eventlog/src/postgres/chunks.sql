-- What is too large for a slot, in sealed chunks: a slot names a set of them. Sealed bytes do not compress.
CREATE TABLE chunk (
  set_id bytea NOT NULL,
  number bigint NOT NULL,
  body bytea NOT NULL,
  PRIMARY KEY (set_id, number)
);
ALTER TABLE chunk ALTER COLUMN body SET STORAGE EXTERNAL;

-- Which slot names which set, and the hashes of its chunks, one after the other.
CREATE TABLE chunk_set (
  position bigint NOT NULL,
  slot bigint NOT NULL,
  set_id bytea NOT NULL,
  hashes bytea NOT NULL,
  PRIMARY KEY (position, slot)
);
CREATE INDEX chunk_set_id ON chunk_set (set_id);

-- Sets that no event names yet, and when they were begun; 0: they are being removed.
CREATE TABLE chunk_staged (
  set_id bytea PRIMARY KEY,
  began bigint NOT NULL
);

-- The mark is locked, so that a set is not named or removed while a chunk is on its way into it.
CREATE FUNCTION log_check_chunk() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  PERFORM 1 FROM chunk_staged WHERE set_id = NEW.set_id AND began > 0 FOR SHARE;
  IF NOT FOUND OR EXISTS (SELECT 1 FROM chunk_set WHERE set_id = NEW.set_id) THEN
    RAISE EXCEPTION 'chunks are inserted once, before an event names their set';
  END IF;
  RETURN NEW;
END $$;

CREATE FUNCTION log_check_chunk_deletion() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM chunk_set c JOIN sealed s ON s.position = c.position AND s.slot = c.slot
             WHERE c.set_id = OLD.set_id) THEN
    RAISE EXCEPTION 'chunks stay while a slot names their set';
  END IF;
  RETURN OLD;
END $$;

CREATE FUNCTION log_check_chunk_set() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF NEW.position <= (SELECT position FROM log_head)
     OR (SELECT count(*) FROM chunk WHERE set_id = NEW.set_id) * 32 <> octet_length(NEW.hashes) THEN
    RAISE EXCEPTION 'a set of chunks is named once, whole, with its event';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER chunk_only_staged BEFORE INSERT ON chunk
  FOR EACH ROW EXECUTE FUNCTION log_check_chunk();
CREATE TRIGGER chunk_never_updated BEFORE UPDATE OR TRUNCATE ON chunk
  FOR EACH STATEMENT EXECUTE FUNCTION log_refuse();
CREATE TRIGGER chunk_deleted_after_its_slots BEFORE DELETE ON chunk
  FOR EACH ROW EXECUTE FUNCTION log_check_chunk_deletion();
CREATE TRIGGER chunk_set_with_its_event BEFORE INSERT ON chunk_set
  FOR EACH ROW EXECUTE FUNCTION log_check_chunk_set();
CREATE TRIGGER chunk_set_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON chunk_set
  FOR EACH STATEMENT EXECUTE FUNCTION log_refuse();

ALTER TABLE chunk ENABLE ALWAYS TRIGGER chunk_only_staged;
ALTER TABLE chunk ENABLE ALWAYS TRIGGER chunk_never_updated;
ALTER TABLE chunk ENABLE ALWAYS TRIGGER chunk_deleted_after_its_slots;
ALTER TABLE chunk_set ENABLE ALWAYS TRIGGER chunk_set_with_its_event;
ALTER TABLE chunk_set ENABLE ALWAYS TRIGGER chunk_set_stays;

INSERT INTO log_format VALUES (2);
