"""Lives, then holds the interpreter's lock in a native call for ever: not stopped, but not one thread gets on."""

import ctypes
import sys
import time

from workers.watchdog import give_pulse

give_pulse(int(sys.argv[2]))
time.sleep(0.5)
ctypes.PyDLL(None).pause()
