"""What only some runs do: each module is imported by the first option, marker or test that asks for it."""
