#!/bin/sh
#
# Question:      a host has three addresses; the first two refuse at once, the
#                third takes connections.  The connect timeout is 4 s.  When is
#                libcurl 7.88 connected, driven by its multi_socket interface,
#                with every event and every timer told to it?
# Likely guess:  some ms after the start: a refusal is an event, and libcurl is
#                called with it.
# Truth:         after 2 s.  With the event libcurl closes the socket, and asks
#                for nothing: the next address waits for a timer that was set
#                for something else.  For the second address that is the 200 ms
#                of Happy Eyeballs, also if all are of IPv4; for the third it is
#                half of the connect timeout, which is two and a half minutes
#                with the default of 300 s.  If curl_multi_socket_all() follows
#                whenever a socket was removed, it takes some ms.
# Source:        libcurl's CURLOPT_CONNECTTIMEOUT(3), which says nothing of
#                addresses, and curl_multi_socket_action(3); curl's issue 11920
#                and pull request 11935, of September 2023, after which the next
#                address is tried at once.

set -eu

cd "$(dirname "$0")"
# shellcheck source=findings/lib/debian.inc
. lib/debian.inc

debian 'libcurl4=7.88.1-10*' 'libcurl4-openssl-dev=7.88.1-10*'

# shellcheck disable=SC2154 # of the file above
cat > "$dir/next.c" <<'EOS'
#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#define CURL_DISABLE_DEPRECATION
#include <curl/curl.h>

static struct pollfd  watched = { .fd = -1 };   /* there is never a second */

static long           due = -1;                 /* ms, or there is no timer */
static int            removed;


static long
now(void)
{
    struct timespec  t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}


static int
want(CURL *easy, curl_socket_t fd, int what, void *data, void *socketp)
{
    removed |= (what == CURL_POLL_REMOVE);
    watched.fd = (what == CURL_POLL_REMOVE) ? -1 : fd;
    watched.events = ((what & CURL_POLL_IN) ? POLLIN : 0)
                     | ((what & CURL_POLL_OUT) ? POLLOUT : 0);
    return 0;
}


static int
timer(CURLM *multi, long ms, void *data)
{
    due = (ms < 0) ? -1 : now() + ms;
    return 0;
}


/* an address is tried */

static curl_socket_t
try(void *start, curlsocktype purpose, struct curl_sockaddr *addr)
{
    printf(" %ld", now() - *(long *) start);
    return socket(addr->family, addr->socktype, addr->protocol);
}


/* ms to a connection, or -1; with "all" curl is called again after a refusal */

static long
connect_to(const char *url, struct curl_slist *resolve, int all)
{
    int       n, left, running;
    long      ms, start = now();
    CURL     *easy = curl_easy_init();
    CURLM    *multi = curl_multi_init();
    CURLMsg  *msg;

    curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION, want);
    curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION, timer);
    curl_easy_setopt(easy, CURLOPT_URL, url);
    curl_easy_setopt(easy, CURLOPT_RESOLVE, resolve);
    curl_easy_setopt(easy, CURLOPT_PROXY, "");
    curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, 4000L);
    curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, try);
    curl_easy_setopt(easy, CURLOPT_OPENSOCKETDATA, &start);
    curl_multi_add_handle(multi, easy);

    for (msg = NULL; !msg; msg = curl_multi_info_read(multi, &left)) {
        ms = due - now() + 1;   /* never too early */
        n = poll(&watched, 1, (due < 0) ? -1 : (ms < 0) ? 0 : ms);

        if (n == 0) {
            due = -1;
        }

        curl_multi_socket_action(multi, n ? watched.fd : CURL_SOCKET_TIMEOUT,
                                 0, &running);

        while (all && removed) {
            removed = 0;
            curl_multi_socket_all(multi, &running);
        }
    }

    ms = msg->data.result == CURLE_OK ? now() - start : -1;

    curl_multi_remove_handle(multi, easy);
    curl_easy_cleanup(easy);
    curl_multi_cleanup(multi);

    return ms;
}


int
main(void)
{
    int                 fd = socket(AF_INET, SOCK_STREAM, 0);
    char                url[64], resolve[128];
    long                waited, all;
    socklen_t           len = sizeof(struct sockaddr_in);
    struct sockaddr_in  sin = { .sin_family = AF_INET };

    sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

    if (bind(fd, (struct sockaddr *) &sin, len) || listen(fd, 8)
        || getsockname(fd, (struct sockaddr *) &sin, &len))
    {
        return 77;
    }

    snprintf(url, sizeof(url), "http://three.example:%d", ntohs(sin.sin_port));
    snprintf(resolve, sizeof(resolve), "three.example:%d:127.0.0.2,127.0.0.3,"
             "127.0.0.1", ntohs(sin.sin_port));

    printf("%s\nms, by events and timers:", curl_version());
    waited = connect_to(url, curl_slist_append(NULL, resolve), 0);

    printf("; connected %ld\nand with curl_multi_socket_all():", waited);
    all = connect_to(url, curl_slist_append(NULL, resolve), 1);
    printf("; connected %ld\n", all);

    /* a loaded machine is late, never early */

    return !(waited >= 1900 && all >= 0 && all < waited / 2);
}
EOS

build next -lcurl

"$dir/next" || {
    echo "That is not what was seen before."
    exit 1
}
