"""Motion: kinematics, paths, profiles and corners; mathematics without a cell."""
