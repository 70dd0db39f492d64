"""The course: lessons that set up the page, and check what a learner has done."""
