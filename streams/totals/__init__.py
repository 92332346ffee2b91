"""Router flows added up by the minute: pure; time is what the records say."""
