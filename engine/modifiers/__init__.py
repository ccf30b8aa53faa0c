"""Modifiers, one file each: an indicator asked another way (同比, 滚动, 占比 ...)."""
