"""The benchmark of Tombolo beside its peers. Started by `Tests/Bench/run`."""
