/* A server that only joins and writes: whatever its publisher sends goes to every viewer in one write, all that has come
   since the write before together. What it needs is what any server needs: the limit of the machine.

   joined VIEWERS_PORT PUBLISHER_PORT */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { MOST = 65536, ROOM = 1 << 20 };
static const char hello[] = "HTTP/1.1 101 Switching Protocols\r\n\r\nhello";
static int viewers[MOST], count;
static char data[ROOM];

static int listener(int port) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int one = socket(AF_INET, SOCK_STREAM, 0), yes = 1;
    setsockopt(one, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    if (bind(one, (struct sockaddr *)&address, sizeof address) || listen(one, 2048)) {
        perror("joined");
        exit(1);
    }
    return one;
}

static int send_all(int to, const char *from, size_t left) {
    while (left) {
        ssize_t sent = send(to, from, left, MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent < 0) return -1;
        from += sent;
        left -= sent;
    }
    return 0;
}

static void greet(int from) {
    int viewer = accept(from, NULL, NULL), yes = 1;
    char request[4096];
    if (viewer < 0) return;
    setsockopt(viewer, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    if (count == MOST || recv(viewer, request, sizeof request, 0) <= 0 || send_all(viewer, hello, sizeof hello - 1))
        close(viewer); /* one who only looks whether somebody listens */
    else
        viewers[count++] = viewer;
}

int main(int argc, char **argv) {
    if (argc != 3) return 2;
    int door = listener(atoi(argv[1])), back = listener(atoi(argv[2])), poll = epoll_create1(0), publisher = -1;
    struct epoll_event event = {.events = EPOLLIN, .data.fd = door};
    epoll_ctl(poll, EPOLL_CTL_ADD, door, &event);
    event.data.fd = back;
    epoll_ctl(poll, EPOLL_CTL_ADD, back, &event);
    for (;;) {
        if (epoll_wait(poll, &event, 1, -1) < 1) {
            if (errno != EINTR) return 1;
        } else if (event.data.fd == door) {
            greet(door);
        } else if (event.data.fd == back) {
            event.data.fd = publisher = accept(back, NULL, NULL);
            epoll_ctl(poll, EPOLL_CTL_ADD, publisher, &event);
        } else {
            ssize_t got = recv(publisher, data, ROOM, 0);
            if (got <= 0) {
                epoll_ctl(poll, EPOLL_CTL_DEL, publisher, NULL);
                close(publisher);
                continue;
            }
            for (int i = 0; i < count; i++)
                if (send_all(viewers[i], data, got)) { /* of the crowd before */
                    close(viewers[i]);
                    viewers[i--] = viewers[--count];
                }
        }
    }
}
