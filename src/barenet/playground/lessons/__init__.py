"""The course: lessons that set the page up and check what a learner has done."""
