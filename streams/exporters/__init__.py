"""What each router sends and what is wrong with it: pure, from outcomes and the state."""
