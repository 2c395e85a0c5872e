"""SplitGen: splits rows by connected component or by time, where a hash of one id cannot."""
