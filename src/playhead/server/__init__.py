"""The server: HTTP to domain calls, and nothing else. It knows neither SQL nor the recorder."""
