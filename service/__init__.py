"""What every service needs: settings, Kafka client settings, logs, metrics, health, topics."""
