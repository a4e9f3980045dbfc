"""What a process costs: CPU of all its threads, memory."""
import os, re

TICK = os.sysconf('SC_CLK_TCK')


def cpu_seconds(pid):
    """User and system time since it began."""
    with open(f'/proc/{pid}/stat') as f: fields = f.read().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICK


def pss_kb(pid):
    """Its own memory and its share of what it shares."""
    with open(f'/proc/{pid}/smaps_rollup') as f: return int(re.search(r'^Pss:\s+(\d+)', f.read(), re.M)[1])
