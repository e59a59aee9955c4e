"""The page on which people use the workspace: plain HTML, CSS and JavaScript, nothing to build."""
