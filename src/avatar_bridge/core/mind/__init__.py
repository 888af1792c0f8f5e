"""What a language model is asked and what it answers: dialogue, persona, lore, history, grammar."""
