"""What a catalogue says of an item: declared fields, the record, and reading a model's answer."""
