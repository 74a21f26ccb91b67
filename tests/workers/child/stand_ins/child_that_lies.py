"""Says whatever it is told to by its environment: what a taken-over decoder might say."""

import os
import socket
import sys

from workers.child.messages import receive_with_files

end = socket.socket(fileno=int(sys.argv[1]))
receive_with_files(end, 0)
end.sendall(bytes.fromhex(os.environ["TZ"]))
receive_with_files(end, 0)
