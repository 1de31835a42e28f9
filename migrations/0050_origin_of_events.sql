-- Who asked for an event and in which request, and which device and tenant it concerns: NULL of what was stored before.
-- An id in the form of a UUID is its 16 bytes, any other is text.
ALTER TABLE events ADD COLUMN request_id ANY CHECK (typeof(request_id) IN ('null', 'text', 'blob'));
ALTER TABLE events ADD COLUMN traceparent TEXT;
ALTER TABLE events ADD COLUMN actor TEXT;
ALTER TABLE events ADD COLUMN dax_device TEXT;
ALTER TABLE events ADD COLUMN tenant TEXT;
-- A page of one filter is a range. Most events are of no tenant, many of no device: these cost their writer nothing.
CREATE INDEX events_by_type ON events (type);
CREATE INDEX events_by_dax_device ON events (dax_device) WHERE dax_device IS NOT NULL;
CREATE INDEX events_by_tenant ON events (tenant) WHERE tenant IS NOT NULL;
