#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include <sys/eventfd.h>

#include "ngx_http_zoom_wake.h"
#include "ngx_http_zoom_zone.h"


/* this generation's, the next one's, and of one more that has begun to quit */

#define NGX_HTTP_ZOOM_FDS_PER_WORKER  3

/* what may be opened later, besides channels and sockets */

#define NGX_HTTP_ZOOM_FDS_SPARE       6


struct ngx_http_zoom_wake_s {
    ngx_uint_t                   refs;
    ngx_uint_t                   n;
    int                          fds[NGX_HTTP_ZOOM_MAX_WORKERS];
};


static ngx_uint_t ngx_http_zoom_wake_wanted(ngx_cycle_t *cycle,
    ngx_uint_t used);
static void ngx_http_zoom_wake_short(ngx_http_zoom_wake_t *wake,
    ngx_cycle_t *cycle, ngx_uint_t level, ngx_uint_t n, const char *what);
static ngx_int_t ngx_http_zoom_wake_grow(ngx_http_zoom_wake_t *wake,
    ngx_cycle_t *cycle, ngx_uint_t n);
static void ngx_http_zoom_wake_one(ngx_http_zoom_wake_t *wake, ngx_uint_t n);
static void ngx_http_zoom_wake_read(ngx_event_t *rev);


static ngx_connection_t       *ngx_http_zoom_wake_connection;
static ngx_http_zoom_wake_pt   ngx_http_zoom_wake_handler;


ngx_http_zoom_wake_t *
ngx_http_zoom_wake_create(ngx_cycle_t *cycle)
{
    ngx_uint_t             n;
    ngx_core_conf_t       *ccf;
    ngx_http_zoom_wake_t  *wake;

    wake = ngx_calloc(sizeof(ngx_http_zoom_wake_t), cycle->log);
    if (wake == NULL) {
        return NULL;
    }

    wake->refs = 1;

    n = ngx_http_zoom_wake_wanted(cycle, 0);

    if (ngx_http_zoom_wake_grow(wake, cycle, n) == NGX_OK) {
        return wake;
    }

    ccf = (ngx_core_conf_t *) ngx_get_conf(cycle->conf_ctx, ngx_core_module);

    if (wake->n >= (ngx_uint_t) ngx_max(ccf->worker_processes, 1)) {
        ngx_http_zoom_wake_short(wake, cycle, NGX_LOG_WARN, n,
                                 "after a reload workers may have to poll");
        return wake;
    }

    ngx_http_zoom_wake_short(wake, cycle, NGX_LOG_EMERG, n,
                             "each worker process needs one at least, and two "
                             "others for its channel");

    ngx_http_zoom_wake_release(wake);

    return NULL;
}


ngx_http_zoom_wake_t *
ngx_http_zoom_wake_share(ngx_http_zoom_wake_t *wake, ngx_cycle_t *cycle,
    const ngx_http_zoom_worker_t *workers)
{
    ngx_uint_t  i, n, used, last;

    used = 0;
    last = 0;

    for (i = 0; i < NGX_HTTP_ZOOM_MAX_WORKERS; i++) {
        if (workers[i].pid) {
            used++;
            last = i + 1;
        }
    }

    n = ngx_http_zoom_wake_wanted(cycle, used);

    while (wake->n > ngx_max(n, last)) {
        (void) close(wake->fds[--wake->n]);
    }

    if (ngx_http_zoom_wake_grow(wake, cycle, n) != NGX_OK) {
        ngx_http_zoom_wake_short(wake, cycle, NGX_LOG_WARN, n,
                                 "workers may have to poll");
    }

    wake->refs++;

    return wake;
}


/*
 * Those that run keep theirs.  The next generation is to find some that were
 * made before this one was forked, or this one could not wake it.
 */

static ngx_uint_t
ngx_http_zoom_wake_wanted(ngx_cycle_t *cycle, ngx_uint_t used)
{
    ngx_uint_t        n;
    ngx_core_conf_t  *ccf;

    ccf = (ngx_core_conf_t *) ngx_get_conf(cycle->conf_ctx, ngx_core_module);

    n = ngx_max(ccf->worker_processes, 1) * NGX_HTTP_ZOOM_FDS_PER_WORKER;

    return ngx_min(used + n, NGX_HTTP_ZOOM_MAX_WORKERS);
}


static void
ngx_http_zoom_wake_short(ngx_http_zoom_wake_t *wake, ngx_cycle_t *cycle,
    ngx_uint_t level, ngx_uint_t n, const char *what)
{
    ngx_log_error(level, cycle->log, ngx_errno,
                  "zoom: descriptors for %ui of %ui eventfds only, %s: raise "
                  "the limit of the master process (\"ulimit -n\", "
                  "\"LimitNOFILE\")", wake->n, n, what);
}


/*
 * The master needs descriptors after us, or nginx is left without workers: two
 * for each, new sockets to listen on, and some more.  ngx_errno tells why not.
 */

static ngx_int_t
ngx_http_zoom_wake_grow(ngx_http_zoom_wake_t *wake, ngx_cycle_t *cycle,
    ngx_uint_t n)
{
    int               fd;
    rlim_t            spare;
    struct rlimit     limit;
    ngx_core_conf_t  *ccf;

    ccf = (ngx_core_conf_t *) ngx_get_conf(cycle->conf_ctx, ngx_core_module);

    spare = 2 * ngx_max(ccf->worker_processes, 1) + NGX_HTTP_ZOOM_FDS_SPARE;

    if (cycle->listening.nelts > ngx_cycle->listening.nelts) {
        spare += cycle->listening.nelts - ngx_cycle->listening.nelts;
    }

    if (getrlimit(RLIMIT_NOFILE, &limit) == -1) {
        limit.rlim_cur = RLIM_INFINITY;
    }

    while (wake->n < n) {
        fd = eventfd(0, EFD_NONBLOCK|EFD_CLOEXEC);

        if (fd == -1) {
            return NGX_ERROR;
        }

        if (limit.rlim_cur != RLIM_INFINITY && fd + spare >= limit.rlim_cur) {
            (void) close(fd);
            ngx_set_errno(EMFILE);
            return NGX_ERROR;
        }

        wake->fds[wake->n++] = fd;
    }

    return NGX_OK;
}


void
ngx_http_zoom_wake_release(ngx_http_zoom_wake_t *wake)
{
    ngx_uint_t  i;

    if (--wake->refs) {
        return;
    }

    for (i = 0; i < wake->n; i++) {
        (void) close(wake->fds[i]);
    }

    ngx_free(wake);
}


ngx_uint_t
ngx_http_zoom_wake_slots(const ngx_http_zoom_wake_t *wake)
{
    return wake->n;
}


void
ngx_http_zoom_wake_workers(ngx_http_zoom_wake_t *wake,
    const ngx_http_zoom_workers_t *slots)
{
    ngx_uint_t  i;

    for (i = 0; i < wake->n; i++) {
        if (ngx_http_zoom_workers_has(slots, i)) {
            ngx_http_zoom_wake_one(wake, i);
        }
    }
}


void
ngx_http_zoom_wake_all(ngx_http_zoom_wake_t *wake)
{
    ngx_uint_t  i;

    for (i = 0; i < wake->n; i++) {
        ngx_http_zoom_wake_one(wake, i);
    }
}


static void
ngx_http_zoom_wake_one(ngx_http_zoom_wake_t *wake, ngx_uint_t n)
{
    uint64_t  one;

    one = 1;

    /* EAGAIN: the counter is full, so the worker is being woken anyway */

    if (write(wake->fds[n], &one, sizeof(uint64_t)) == -1
        && ngx_errno != NGX_EAGAIN)
    {
        ngx_log_error(NGX_LOG_ALERT, ngx_cycle->log, ngx_errno,
                      "zoom: write() to eventfd failed");
    }
}


static void
ngx_http_zoom_wake_read(ngx_event_t *rev)
{
    ssize_t            n;
    uint64_t           count;
    ngx_connection_t  *c;

    c = rev->data;

    if (c->close) {
        return;
    }

    n = read(c->fd, &count, sizeof(uint64_t));

    if (n == -1 && ngx_errno != NGX_EAGAIN) {
        ngx_log_error(NGX_LOG_ALERT, rev->log, ngx_errno,
                      "zoom: read() from eventfd failed");
    }

    ngx_http_zoom_wake_handler();
}


ngx_int_t
ngx_http_zoom_wake_listen(ngx_http_zoom_wake_t *wake, ngx_uint_t slot,
    ngx_http_zoom_wake_pt handler, ngx_log_t *log)
{
    ngx_connection_t  *c;

    ngx_http_zoom_wake_handler = handler;

    c = ngx_get_connection(wake->fds[slot], log);
    if (c == NULL) {
        return NGX_ERROR;
    }

    c->log = log;
    c->read->log = log;
    c->write->log = log;

    /* an eventfd is no socket that a worker could forget to close */
    c->read->channel = 1;
    c->write->channel = 1;

    c->read->handler = ngx_http_zoom_wake_read;

    if (ngx_add_event(c->read, NGX_READ_EVENT, 0) != NGX_OK) {
        c->fd = (ngx_socket_t) -1;
        ngx_free_connection(c);
        return NGX_ERROR;
    }

    ngx_http_zoom_wake_connection = c;

    return NGX_OK;
}


void
ngx_http_zoom_wake_close(void)
{
    ngx_connection_t  *c;

    c = ngx_http_zoom_wake_connection;

    if (c == NULL) {
        return;
    }

    if (c->read->active) {
        (void) ngx_del_event(c->read, NGX_READ_EVENT, 0);
    }

    if (c->read->posted) {
        ngx_delete_posted_event(c->read);
    }

    c->fd = (ngx_socket_t) -1;
    ngx_free_connection(c);

    ngx_http_zoom_wake_connection = NULL;
}
