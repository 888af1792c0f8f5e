"""What keeps a figure alive between cues: blink, gaze, head, breath, posture, beats."""
