"""SWEEP: many repositories, one after another or at once, remembered in a store so that none is read twice."""
