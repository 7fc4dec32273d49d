/*
 * An open-loop load generator for HTTP/1.1 over keepalive connections.
 *
 *     open PORT FILE RATE SECONDS CONNECTIONS
 *
 * FILE holds requests, each after a line with its length.  Request k is due at
 * k / RATE and its latency counts from then, whether or not a connection was
 * free to send it: a server that stalls is charged for all who had to wait
 * (no coordinated omission).  With RATE 0 all connections send one request at
 * once.  Prints one line: requests, failures (no 200), and microseconds of
 * latency at p50, p90, p99, p99.9 and the worst.
 */

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>


#define OPEN_MAX_CONNECTIONS  4096
#define OPEN_HEADER_MAX       16384

/* seconds to wait for the last answers */
#define OPEN_PATIENCE         35


typedef struct {
    const char  *data;
    size_t       len;
} open_request_t;


typedef struct {
    int          fd;
    int          busy;
    uint64_t     due;
    size_t       sent;
    size_t       len;                /* of what came so far */
    size_t       want;               /* of the whole answer, 0: unknown yet */
    char         head[OPEN_HEADER_MAX];

    const open_request_t  *request;
} open_conn_t;


static open_request_t  *requests;
static size_t           nrequests;

static open_conn_t     *conns;
static unsigned         nconns;
static unsigned         nidle;
static unsigned        *idle;

static uint32_t        *latencies;
static size_t           done, failed;

static int              epfd;
static struct sockaddr_in  address;


static uint64_t
now(void)
{
    struct timespec  ts;

    clock_gettime(CLOCK_MONOTONIC, &ts);

    return (uint64_t) ts.tv_sec * 1000000 + (uint64_t) ts.tv_nsec / 1000;
}


static void
die(const char *what)
{
    perror(what);
    exit(1);
}


static void
load(const char *path)
{
    long    size;
    char   *data, *p;
    FILE   *f;
    size_t  len;

    f = fopen(path, "rb");

    if (f == NULL || fseek(f, 0, SEEK_END) != 0 || (size = ftell(f)) < 0) {
        die(path);
    }

    rewind(f);

    data = malloc((size_t) size + 1);

    if (data == NULL || fread(data, 1, (size_t) size, f) != (size_t) size) {
        die(path);
    }

    fclose(f);
    data[size] = '\0';

    for (p = data; p < data + size; p += len) {

        len = strtoul(p, &p, 10);

        if (len == 0 || *p++ != '\n' || len > (size_t) (data + size - p)) {
            fprintf(stderr, "%s: not a file of requests\n", path);
            exit(1);
        }

        requests = realloc(requests, (nrequests + 1) * sizeof(*requests));

        if (requests == NULL) {
            die("realloc");
        }

        requests[nrequests].data = p;
        requests[nrequests++].len = len;
    }
}


static void
dial(open_conn_t *c)
{
    int                 one;
    struct epoll_event  ev;

    one = 1;
    c->fd = socket(AF_INET, SOCK_STREAM, 0);

    if (c->fd == -1
        || connect(c->fd, (struct sockaddr *) &address, sizeof(address)) != 0
        || setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) != 0
        || fcntl(c->fd, F_SETFL, O_NONBLOCK) != 0)
    {
        die("connect");
    }

    ev.events = EPOLLIN;
    ev.data.ptr = c;

    if (epoll_ctl(epfd, EPOLL_CTL_ADD, c->fd, &ev) != 0) {
        die("epoll_ctl");
    }
}


static void
finish(open_conn_t *c, int ok)
{
    latencies[done++] = (uint32_t) (now() - c->due);
    failed += !ok;

    c->busy = 0;
    idle[nidle++] = (unsigned) (c - conns);
}


static void
redial(open_conn_t *c)
{
    close(c->fd);
    dial(c);

    if (c->busy) {
        finish(c, 0);
    }
}


/* Requests are small: what does not fit a socket's buffer is a failure. */

static void
start(uint64_t due)
{
    ssize_t       n;
    open_conn_t  *c;

    static size_t  next;

    c = &conns[idle[--nidle]];

    c->request = &requests[next++ % nrequests];
    c->due = due;
    c->busy = 1;
    c->len = 0;
    c->want = 0;

    n = send(c->fd, c->request->data, c->request->len, MSG_NOSIGNAL);

    if (n != (ssize_t) c->request->len) {
        redial(c);
    }
}


/* The length of the answer, once its header is there: 0, or -1 if odd. */

static int
measure(open_conn_t *c)
{
    char  *end, *length;

    c->head[c->len < OPEN_HEADER_MAX ? c->len : OPEN_HEADER_MAX - 1] = '\0';

    end = strstr(c->head, "\r\n\r\n");

    if (end == NULL) {
        return (c->len < OPEN_HEADER_MAX - 1) ? 0 : -1;
    }

    length = strcasestr(c->head, "\r\ncontent-length:");

    if (length == NULL || length > end) {
        return -1;
    }

    c->want = (size_t) (end + 4 - c->head)
              + strtoul(length + sizeof("\r\ncontent-length:") - 1, NULL, 10);

    return 0;
}


static void
take(open_conn_t *c)
{
    char     spill[OPEN_HEADER_MAX];
    ssize_t  n;

    if (c->want == 0) {
        n = recv(c->fd, c->head + c->len, OPEN_HEADER_MAX - 1 - c->len, 0);

    } else {
        n = recv(c->fd, spill, sizeof(spill), 0);
    }

    if (n < 0 && errno == EAGAIN) {
        return;
    }

    if (n <= 0 || !c->busy) {
        redial(c);
        return;
    }

    c->len += (size_t) n;

    if (c->want == 0 && measure(c) != 0) {
        redial(c);
        return;
    }

    if (c->want && c->len >= c->want) {
        finish(c, strncmp(c->head, "HTTP/1.1 200", 12) == 0);
    }
}


static int
compare(const void *a, const void *b)
{
    uint32_t  x, y;

    x = *(const uint32_t *) a;
    y = *(const uint32_t *) b;

    return (x > y) - (x < y);
}


static void
run(size_t total, double rate)
{
    int                 i, n, timeout;
    size_t              started;
    uint64_t            begin, due, t;
    struct epoll_event  events[256];

    begin = now();

    for (started = 0; done < total; /* void */ ) {
        t = now();
        timeout = 1000;

        while (started < total) {
            due = begin + (rate > 0 ? (uint64_t) ((double) started * 1e6 / rate)
                                    : 0);

            if (due > t) {
                timeout = (int) ((due - t) / 1000);
                break;
            }

            if (nidle == 0) {
                break;
            }

            start(due);
            started++;
        }

        if (t > begin + OPEN_PATIENCE * UINT64_C(1000000)
                + (rate > 0 ? (uint64_t) ((double) total * 1e6 / rate) : 0))
        {
            break;
        }

        n = epoll_wait(epfd, events, 256, timeout);

        for (i = 0; i < n; i++) {
            take(events[i].data.ptr);
        }
    }

    failed += total - done;
}


int
main(int argc, char **argv)
{
    size_t    total;
    double    rate;
    unsigned  i;

    if (argc != 6) {
        fprintf(stderr, "usage: open PORT FILE RATE SECONDS CONNECTIONS\n");
        return 1;
    }

    load(argv[2]);

    rate = strtod(argv[3], NULL);
    nconns = (unsigned) strtoul(argv[5], NULL, 10);

    if (nconns < 1 || nconns > OPEN_MAX_CONNECTIONS || nrequests == 0) {
        return 1;
    }

    total = rate > 0 ? (size_t) (rate * strtod(argv[4], NULL)) : nconns;

    conns = calloc(nconns, sizeof(*conns));
    idle = calloc(nconns, sizeof(*idle));
    latencies = calloc(total + 1, sizeof(*latencies));
    epfd = epoll_create1(0);

    if (conns == NULL || idle == NULL || latencies == NULL || epfd == -1) {
        die("setup");
    }

    address.sin_family = AF_INET;
    address.sin_port = htons((uint16_t) strtoul(argv[1], NULL, 10));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);

    for (i = 0; i < nconns; i++) {
        dial(&conns[i]);
        idle[nidle++] = i;
    }

    run(total, rate);

    if (done == 0) {
        printf("%zu %zu 0 0 0 0 0\n", total, failed);
        return 0;
    }

    qsort(latencies, done, sizeof(*latencies), compare);

    printf("%zu %zu %u %u %u %u %u\n", total, failed,
           latencies[done / 2], latencies[done * 90 / 100],
           latencies[done * 99 / 100], latencies[done * 999 / 1000],
           latencies[done - 1]);

    return 0;
}
