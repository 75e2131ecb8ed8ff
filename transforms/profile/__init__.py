"""The profile: what is in each column of a dataset, as JSON that people read and later runs merge and compare.

measuring   a table      -> a profile
merging     two profiles -> the profile of both
column      one column of it: what people read, and the sketch behind it
points      a distribution of numbers in a few weighted values
hashes      the number of distinct values, from the smallest of their hashes
"""
