"""What the black-box tests share: the program under test, upstreams to stand behind it, and visitors to stand in front."""
