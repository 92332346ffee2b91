"""Behind Kafka: decode, interpret, filter, publish; subscribers and reports read the topics."""
