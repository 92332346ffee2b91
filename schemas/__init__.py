"""The contracts that the services share: elements, field keys, topics, Avro schemas, policies."""
