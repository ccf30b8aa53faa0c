"""Who is asking: the door's answer, before anything is shown."""
