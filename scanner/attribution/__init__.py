"""THINK: the history of what was found -> its story. Facts come from `sources`; nothing here reads git."""
