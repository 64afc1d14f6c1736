"""The course in a browser: lessons, terminals and the lab's drawing on one page.

It knows lessons, plans and drawings; what it asks of the machine it is given (course.py).
"""
