/**
 * What runs first in a sandbox, by the interpreter that is built for: connections to a port of its own loopback go to the Unix socket that leads out,
 * while the program behind it runs; ends as that one does. Its arguments: the port, the socket, the program with its arguments.
 */
export const RELAY_PROGRAM = `
import os, socket, subprocess, sys, threading

def copy(source, sink):
    try:
        while True:
            data = source.recv(65536)
            if not data:
                break
            sink.sendall(data)
    except OSError:
        pass
    try:
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass

def relay(inner, path):
    with inner, socket.socket(socket.AF_UNIX) as outer:
        try:
            outer.connect(path)
        except OSError:
            return
        back = threading.Thread(target=copy, args=(outer, inner), daemon=True)
        back.start()
        copy(inner, outer)
        back.join()

def serve(listener, path):
    while True:
        inner, _ = listener.accept()
        threading.Thread(target=relay, args=(inner, path), daemon=True).start()

os.umask(0o022)
try:
    # Where memory is scarce, the kernel takes it from builds before anything else of this machine.
    with open('/proc/self/oom_score_adj', 'w') as file:
        file.write('1000')
except OSError:
    pass
listener = socket.create_server(('127.0.0.1', int(sys.argv[1])), backlog=64)
threading.Thread(target=serve, args=(listener, sys.argv[2]), daemon=True).start()
code = subprocess.run(sys.argv[3:], stdin=subprocess.DEVNULL).returncode
sys.stdout.flush()
os._exit(code if code >= 0 else 128 - code)
`;
