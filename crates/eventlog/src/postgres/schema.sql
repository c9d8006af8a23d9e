CREATE TABLE log_format (version integer NOT NULL);

-- The end of the log, and the row that every append locks.
CREATE TABLE log_head (
  one integer PRIMARY KEY CHECK (one = 1),
  position bigint NOT NULL,
  stored bigint NOT NULL,
  hash bytea NOT NULL,
  fence bigint NOT NULL,
  promised bigint NOT NULL
) WITH (fillfactor = 10);

-- The clear half of each event. Microseconds since 1970 in stored.
CREATE TABLE event (
  position bigint PRIMARY KEY,
  stored bigint NOT NULL,
  id bytea NOT NULL,
  kind text COLLATE "C" NOT NULL,
  schema integer NOT NULL,
  credential bytea,
  dedupe bytea,
  stream bytea,
  stream_version bigint,
  facts bytea NOT NULL,
  slot_hashes bytea NOT NULL,
  hash bytea NOT NULL
);
CREATE UNIQUE INDEX event_dedupe ON event (dedupe) WHERE dedupe IS NOT NULL;
CREATE UNIQUE INDEX event_stream ON event (stream, stream_version) WHERE stream IS NOT NULL;
CREATE INDEX event_other ON event (position, kind) WHERE kind <> 'statement';

-- The sealed half. Sealed bytes do not compress.
CREATE TABLE sealed (
  position bigint NOT NULL,
  slot integer NOT NULL,
  owner bytea,
  period integer NOT NULL,
  body bytea NOT NULL,
  PRIMARY KEY (position, slot)
);
ALTER TABLE sealed ALTER COLUMN body SET STORAGE EXTERNAL;

-- Which slots were deleted, and by which event.
CREATE TABLE sealed_deleted (
  position bigint NOT NULL,
  slot integer NOT NULL,
  event bigint NOT NULL,
  PRIMARY KEY (position, slot)
);

-- How far each hook's rows reach.
CREATE TABLE log_hook (
  name text COLLATE "C" PRIMARY KEY,
  version integer NOT NULL,
  position bigint NOT NULL
);

INSERT INTO log_format VALUES (1);
INSERT INTO log_head VALUES (1, 0, 0, decode(repeat('00', 32), 'hex'), 0, 0);

CREATE FUNCTION log_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the log is append-only: no % on %', lower(TG_OP), TG_TABLE_NAME;
END $$;

-- An event whose position is past log_head is being appended by the transaction at hand: the head moves
-- last. Slots go only together with an event that says so.
CREATE FUNCTION log_check_slot_deletion() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM sealed_deleted d, log_head h
                 WHERE d.position = OLD.position AND d.slot = OLD.slot AND d.event > h.position) THEN
    RAISE EXCEPTION 'slots are deleted only together with an event that says so';
  END IF;
  RETURN OLD;
END $$;

CREATE FUNCTION log_check_deletion() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF NEW.event <= (SELECT position FROM log_head)
     OR NOT EXISTS (SELECT 1 FROM event WHERE position = NEW.event)
     OR NOT EXISTS (SELECT 1 FROM sealed WHERE position = NEW.position AND slot = NEW.slot) THEN
    RAISE EXCEPTION 'slots are deleted only together with an event that says so';
  END IF;
  RETURN NEW;
END $$;

CREATE FUNCTION log_check_head() RETURNS trigger LANGUAGE plpgsql SET search_path FROM CURRENT AS $$
BEGIN
  IF NEW.position < OLD.position OR NEW.stored < OLD.stored OR NEW.fence < OLD.fence
     OR NEW.promised < OLD.promised
     OR NEW.position <> (SELECT coalesce(max(position), 0) FROM event) THEN
    RAISE EXCEPTION 'the head only moves on, to the last event';
  END IF;
  RETURN NEW;
END $$;

CREATE TRIGGER event_only_appended BEFORE UPDATE OR DELETE OR TRUNCATE ON event
  FOR EACH STATEMENT EXECUTE FUNCTION log_refuse();
CREATE TRIGGER sealed_never_updated BEFORE UPDATE OR TRUNCATE ON sealed
  FOR EACH STATEMENT EXECUTE FUNCTION log_refuse();
CREATE TRIGGER sealed_deleted_by_an_event BEFORE DELETE ON sealed
  FOR EACH ROW EXECUTE FUNCTION log_check_slot_deletion();
CREATE TRIGGER deletion_with_its_event BEFORE INSERT ON sealed_deleted
  FOR EACH ROW EXECUTE FUNCTION log_check_deletion();
CREATE TRIGGER deletion_stays BEFORE UPDATE OR DELETE OR TRUNCATE ON sealed_deleted
  FOR EACH STATEMENT EXECUTE FUNCTION log_refuse();
CREATE TRIGGER head_moves_on BEFORE UPDATE ON log_head
  FOR EACH ROW EXECUTE FUNCTION log_check_head();
CREATE TRIGGER head_stays BEFORE DELETE OR TRUNCATE ON log_head
  FOR EACH STATEMENT EXECUTE FUNCTION log_refuse();

-- Also in sessions that replicate, where ordinary triggers sleep.
ALTER TABLE event ENABLE ALWAYS TRIGGER event_only_appended;
ALTER TABLE sealed ENABLE ALWAYS TRIGGER sealed_never_updated;
ALTER TABLE sealed ENABLE ALWAYS TRIGGER sealed_deleted_by_an_event;
ALTER TABLE sealed_deleted ENABLE ALWAYS TRIGGER deletion_with_its_event;
ALTER TABLE sealed_deleted ENABLE ALWAYS TRIGGER deletion_stays;
ALTER TABLE log_head ENABLE ALWAYS TRIGGER head_moves_on;
ALTER TABLE log_head ENABLE ALWAYS TRIGGER head_stays;

-- Locks the head. Volatile, as log_find: each statement after the lock sees what was committed before the
-- lock was obtained.
CREATE FUNCTION log_take(
  hooks text[],
  OUT head_position bigint, OUT head_stored bigint, OUT head_hash bytea, OUT head_fence bigint,
  OUT head_promised bigint, OUT clock bigint, OUT hooks_position bigint
) LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  SELECT h.position, h.stored, h.hash, h.fence, h.promised
    INTO STRICT head_position, head_stored, head_hash, head_fence, head_promised
    FROM log_head h WHERE h.one = 1 FOR UPDATE;
  clock := (extract(epoch FROM clock_timestamp()) * 1000000)::bigint;
  IF cardinality(hooks) > 0 THEN
    SELECT min(k.position) INTO hooks_position FROM log_hook k WHERE k.name = ANY (hooks);
  END IF;
END $$;

-- Looks up a batch's keys under the lock. Small or never analysed tables would tempt the planner into plans
-- that it keeps once they are large.
CREATE FUNCTION log_find(
  keys bytea[], streams bytea[],
  OUT found_keys bytea[], OUT found_positions bigint[], OUT found_streams bytea[], OUT found_versions bigint[]
) LANGUAGE plpgsql VOLATILE
SET enable_seqscan = off SET enable_hashjoin = off SET enable_mergejoin = off AS $$
BEGIN
  IF cardinality(keys) > 0 THEN
    SELECT array_agg(e.dedupe), array_agg(e.position) INTO found_keys, found_positions
      FROM unnest(keys) AS wanted (key) JOIN event e ON e.dedupe = wanted.key;
  END IF;
  IF cardinality(streams) > 0 THEN
    SELECT array_agg(wanted.key), array_agg(last.stream_version) INTO found_streams, found_versions
      FROM unnest(streams) AS wanted (key) CROSS JOIN LATERAL
        (SELECT e.stream_version FROM event e WHERE e.stream = wanted.key
         ORDER BY e.stream_version DESC LIMIT 1) AS last;
  END IF;
END $$;

-- Writes a batch, moves the head and the hooks' marks, and wakes the readers when it commits.
CREATE FUNCTION log_put(
  a_position bigint[], a_stored bigint[], a_id bytea[], a_kind text[], a_schema integer[],
  a_credential bytea[], a_dedupe bytea[], a_stream bytea[], a_stream_version bigint[],
  a_facts bytea[], a_slot_hashes bytea[], a_hash bytea[],
  s_position bigint[], s_slot integer[], s_owner bytea[], s_period integer[], s_body bytea[],
  d_position bigint[], d_slot integer[], d_event bigint[],
  h_position bigint, h_stored bigint, h_hash bytea, h_fence bigint, hooks text[], channel text
) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
  INSERT INTO event (position, stored, id, kind, schema, credential, dedupe, stream, stream_version,
                     facts, slot_hashes, hash)
    SELECT * FROM unnest(a_position, a_stored, a_id, a_kind, a_schema, a_credential, a_dedupe, a_stream,
                         a_stream_version, a_facts, a_slot_hashes, a_hash);
  IF cardinality(s_position) > 0 THEN
    INSERT INTO sealed (position, slot, owner, period, body)
      SELECT * FROM unnest(s_position, s_slot, s_owner, s_period, s_body);
  END IF;
  IF cardinality(d_position) > 0 THEN
    INSERT INTO sealed_deleted (position, slot, event)
      SELECT DISTINCT ON (d.position, d.slot) d.position, d.slot, d.event
        FROM unnest(d_position, d_slot, d_event) AS d (position, slot, event)
        JOIN sealed s ON s.position = d.position AND s.slot = d.slot
        ORDER BY d.position, d.slot, d.event;
    DELETE FROM sealed s USING sealed_deleted d
      WHERE d.event = ANY (d_event) AND s.position = d.position AND s.slot = d.slot
        AND s.position = ANY (d_position);
  END IF;
  UPDATE log_head SET position = h_position, stored = h_stored, hash = h_hash, fence = h_fence WHERE one = 1;
  IF cardinality(hooks) > 0 THEN
    UPDATE log_hook SET position = h_position WHERE name = ANY (hooks);
  END IF;
  PERFORM pg_notify(channel, h_position || ' ' || h_stored || ' ' || h_fence);
END $$;
