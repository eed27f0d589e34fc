"""Images packed into shards: files of a thousand each, read through LitData."""
