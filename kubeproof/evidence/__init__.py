"""evidence.jsonl: its writer, its reader, and the questions that judges ask of its lines (docs/evidence.md)."""
