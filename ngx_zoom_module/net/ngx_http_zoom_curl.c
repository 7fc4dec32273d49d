#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_event.h>

#include <openssl/err.h>

/* curl_multi_socket_all() has no successor for what is done with it here */
#define CURL_DISABLE_DEPRECATION

#include "ngx_http_zoom_curl_library.h"
#include "ngx_http_zoom_curl_socket.h"
#include "ngx_http_zoom_timer.h"


/*
 * The option came with curl 8.20, since when that of an easy handle counts for
 * nothing.  Its number is part of curl's ABI: built with older headers we may
 * run with that library, and an older library takes no notice.
 */

#if (LIBCURL_VERSION_NUM >= 0x081400)
#define NGX_HTTP_ZOOM_CURL_QUICK_EXIT  CURLMOPT_QUICK_EXIT
#else
#define NGX_HTTP_ZOOM_CURL_QUICK_EXIT  ((CURLMoption) (CURLOPTTYPE_LONG + 21))
#endif


static curl_socket_t ngx_http_zoom_curl_open(void *data, curlsocktype purpose,
    struct curl_sockaddr *addr);
static const char *ngx_http_zoom_curl_enter(ngx_http_zoom_curl_t *curl,
    curl_socket_t fd);
static int ngx_http_zoom_curl_close(void *data, curl_socket_t fd);
static int ngx_http_zoom_curl_want(CURL *easy, curl_socket_t fd, int what,
    void *data, void *socketp);
static void ngx_http_zoom_curl_unwant(ngx_http_zoom_curl_t *curl,
    curl_socket_t fd);
static int ngx_http_zoom_curl_timeout(CURLM *multi, long ms, void *data);

static void ngx_http_zoom_curl_socket_handler(ngx_event_t *ev);
static void ngx_http_zoom_curl_timer_handler(ngx_event_t *ev);
static void ngx_http_zoom_curl_kick_handler(ngx_event_t *ev);

static void ngx_http_zoom_curl_action(ngx_http_zoom_curl_t *curl,
    curl_socket_t fd, int mask);
static void ngx_http_zoom_curl_after(ngx_http_zoom_curl_t *curl);
static void ngx_http_zoom_curl_messages(ngx_http_zoom_curl_t *curl);
static void ngx_http_zoom_curl_kick(ngx_http_zoom_curl_t *curl);
static void ngx_http_zoom_curl_trouble(ngx_http_zoom_curl_t *curl, CURL *easy,
    const char *trouble);
static void ngx_http_zoom_curl_count(ngx_http_zoom_curl_t *curl);


/* curl sleeps between one address that refused and the next */

static ngx_uint_t  ngx_http_zoom_curl_sleeps;


ngx_int_t
ngx_http_zoom_curl_init_process(ngx_cycle_t *cycle)
{
    CURLcode  code;
    uint32_t  version;

    code = ngx_http_zoom_curl_library_init();

    ERR_clear_error();

    if (code != CURLE_OK) {
        ngx_log_error(NGX_LOG_EMERG, cycle->log, 0,
                      "curl_global_init() failed: %s",
                      curl_easy_strerror(code));
        return NGX_ERROR;
    }

    if (ngx_worker == 0) {
        ngx_http_zoom_curl_library_warn(cycle->log);
    }

    version = curl_version_info(CURLVERSION_NOW)->version_num;

    ngx_http_zoom_curl_sleeps = (version >= 0x075800 && version < 0x080400);

    return NGX_OK;
}


void
ngx_http_zoom_curl_exit_process(void)
{
    ngx_http_zoom_curl_socket_done();

    curl_global_cleanup();

    ERR_clear_error();
}


ngx_int_t
ngx_http_zoom_curl_create(ngx_http_zoom_curl_t *curl)
{
    CURLM      *multi;
    CURLMcode   rc;

    multi = curl_multi_init();
    if (multi == NULL) {
        return NGX_ERROR;
    }

    rc = curl_multi_setopt(multi, CURLMOPT_SOCKETFUNCTION,
                           ngx_http_zoom_curl_want);
    rc |= curl_multi_setopt(multi, CURLMOPT_SOCKETDATA, curl);
    rc |= curl_multi_setopt(multi, CURLMOPT_TIMERFUNCTION,
                            ngx_http_zoom_curl_timeout);
    rc |= curl_multi_setopt(multi, CURLMOPT_TIMERDATA, curl);

    if (rc != CURLM_OK) {
        (void) curl_multi_cleanup(multi);
        return NGX_ERROR;
    }

    /* a worker that quits does not wait for threads that resolve */

    (void) curl_multi_setopt(multi, NGX_HTTP_ZOOM_CURL_QUICK_EXIT, 1L);

    curl->multi = multi;
    curl->running = 0;
    curl->expired = 0;
    curl->closing = 0;

    ngx_queue_init(&curl->opened);
    ngx_queue_init(&curl->troubled);

    ngx_http_zoom_timer_init(&curl->timer, ngx_http_zoom_curl_timer_handler,
                             curl->log);
    curl->timer.cancelable = 1;

    ngx_http_zoom_timer_init(&curl->kick, ngx_http_zoom_curl_kick_handler,
                             curl->log);

    return NGX_OK;
}


void
ngx_http_zoom_curl_destroy(ngx_http_zoom_curl_t *curl)
{
    (void) curl_multi_cleanup(curl->multi);

    ngx_http_zoom_curl_after(curl);

    curl->multi = NULL;

    ngx_http_zoom_curl_socket_forget_all(curl);

    ngx_http_zoom_timer_stop(&curl->timer);
    ngx_http_zoom_timer_stop(&curl->kick);
}


ngx_int_t
ngx_http_zoom_curl_add(ngx_http_zoom_curl_t *curl,
    ngx_http_zoom_curl_handle_t *h)
{
    CURLcode   code;
    CURLMcode  rc;

    h->curl = curl;
    h->trouble = NULL;

    code = curl_easy_setopt(h->easy, CURLOPT_PRIVATE, h);
    code |= curl_easy_setopt(h->easy, CURLOPT_OPENSOCKETFUNCTION,
                             ngx_http_zoom_curl_open);
    code |= curl_easy_setopt(h->easy, CURLOPT_OPENSOCKETDATA, h);

    /* a connection outlives the transfer that opened it */

    code |= curl_easy_setopt(h->easy, CURLOPT_CLOSESOCKETFUNCTION,
                             ngx_http_zoom_curl_close);
    code |= curl_easy_setopt(h->easy, CURLOPT_CLOSESOCKETDATA, curl);

    if (code != CURLE_OK) {
        return NGX_ERROR;
    }

    rc = curl_multi_add_handle(curl->multi, h->easy);

    ngx_http_zoom_curl_after(curl);

    if (rc != CURLM_OK) {
        ngx_log_error(NGX_LOG_ALERT, curl->log, 0,
                      "curl_multi_add_handle() failed: %s",
                      curl_multi_strerror(rc));
        return NGX_ERROR;
    }

    h->added = 1;
    curl->running++;

    ngx_http_zoom_curl_count(curl);

    return NGX_OK;
}


void
ngx_http_zoom_curl_remove(ngx_http_zoom_curl_handle_t *h)
{
    CURLMcode              rc;
    ngx_http_zoom_curl_t  *curl;

    if (h->troubled) {
        ngx_queue_remove(&h->queue);
        h->troubled = 0;
    }

    if (!h->added) {
        return;
    }

    curl = h->curl;

    rc = curl_multi_remove_handle(curl->multi, h->easy);

    ngx_http_zoom_curl_after(curl);

    if (rc != CURLM_OK) {
        ngx_log_error(NGX_LOG_ALERT, curl->log, 0,
                      "curl_multi_remove_handle() failed: %s",
                      curl_multi_strerror(rc));
    }

    h->added = 0;
    curl->running--;

    ngx_http_zoom_curl_count(curl);
}


static curl_socket_t
ngx_http_zoom_curl_open(void *data, curlsocktype purpose,
    struct curl_sockaddr *addr)
{
    ngx_socket_t                  fd;
    ngx_http_zoom_curl_t         *curl;
    ngx_http_zoom_curl_handle_t  *h;

    h = data;
    curl = h->curl;

    fd = ngx_socket(addr->family, addr->socktype, addr->protocol);

    if (fd == (ngx_socket_t) -1) {
        ngx_log_error(NGX_LOG_ALERT, curl->log, ngx_socket_errno,
                      ngx_socket_n " failed");
        h->trouble = "could not open a socket";
        return CURL_SOCKET_BAD;
    }

    ngx_log_debug1(NGX_LOG_DEBUG_EVENT, curl->log, 0,
                   "zoom client: socket %d", fd);

    if (ngx_nonblocking(fd) == -1 || fcntl(fd, F_SETFD, FD_CLOEXEC) == -1) {
        ngx_log_error(NGX_LOG_ALERT, curl->log, ngx_socket_errno,
                      ngx_nonblocking_n " failed");
        h->trouble = "could not open a socket";

    } else {
        h->trouble = ngx_http_zoom_curl_enter(curl, fd);
    }

    if (h->trouble) {
        (void) ngx_close_socket(fd);
        return CURL_SOCKET_BAD;
    }

    return fd;
}


/* A socket of ours goes into the table; in words what went wrong, or NULL. */

static const char *
ngx_http_zoom_curl_enter(ngx_http_zoom_curl_t *curl, curl_socket_t fd)
{
    ngx_uint_t                    wants;
    ngx_http_zoom_curl_socket_t  *s;

    wants = 0;

    s = ngx_http_zoom_curl_socket_find(fd);

    if (s) {

        /*
         * curl 7.88 to 8.1 closes sockets that never connected without a
         * word, and believes that this one is watched as the last one was
         */

        if (s->curl == curl) {
            wants = s->wants;
        }

        ngx_http_zoom_curl_socket_forget(s, NGX_CLOSE_EVENT);
    }

    s = ngx_http_zoom_curl_socket_add(curl, fd,
                                      ngx_http_zoom_curl_socket_handler);
    if (s == NULL) {
        return "worker_connections are not enough";
    }

    s->own = 1;
    s->fresh = 1;
    ngx_queue_insert_tail(&curl->opened, &s->queue);

    s->wants = wants;

    if (ngx_http_zoom_curl_socket_watch(s) != NGX_OK) {
        ngx_http_zoom_curl_socket_forget(s, NGX_CLOSE_EVENT);
        return "could not watch a socket";
    }

    return NULL;
}


static int
ngx_http_zoom_curl_close(void *data, curl_socket_t fd)
{
    ngx_http_zoom_curl_t         *curl;
    ngx_http_zoom_curl_socket_t  *s;

    curl = data;

    ngx_log_debug1(NGX_LOG_DEBUG_EVENT, curl->log, 0,
                   "zoom client: close socket %d", fd);

    s = ngx_http_zoom_curl_socket_find(fd);

    if (s) {
        ngx_http_zoom_curl_socket_forget(s, NGX_CLOSE_EVENT);
    }

    if (ngx_close_socket(fd) == -1) {
        ngx_log_error(NGX_LOG_ALERT, curl->log, ngx_socket_errno,
                      ngx_close_socket_n " %d failed", fd);
        return 1;
    }

    return 0;
}


static int
ngx_http_zoom_curl_want(CURL *easy, curl_socket_t fd, int what, void *data,
    void *socketp)
{
    ngx_http_zoom_curl_t         *curl;
    ngx_http_zoom_curl_socket_t  *s;

    curl = data;

    ngx_log_debug2(NGX_LOG_DEBUG_EVENT, curl->log, 0,
                   "zoom client: socket %d wants %d", fd, what);

    if (what == CURL_POLL_REMOVE) {
        ngx_http_zoom_curl_unwant(curl, fd);
        return 0;
    }

    s = ngx_http_zoom_curl_socket_find(fd);

    if (s
        && (s->curl != curl
            || (!s->own && ngx_http_zoom_curl_socket_gone(s))))
    {
        ngx_http_zoom_curl_socket_forget(s, NGX_CLOSE_EVENT);
        s = NULL;
    }

    if (s == NULL) {

        /*
         * the resolver's thread reports through a pair of curl's own, and an
         * idle connection may have lost its place
         */

        s = ngx_http_zoom_curl_socket_add(curl, fd,
                                          ngx_http_zoom_curl_socket_handler);
        if (s == NULL) {
            ngx_http_zoom_curl_trouble(curl, easy,
                                       "worker_connections are not enough");
            return 0;
        }
    }

    s->wants = what;

    if (what & CURL_POLL_IN) {
        s->connected = 1;
    }

    ngx_reusable_connection(s->connection, 0);

    if (ngx_http_zoom_curl_socket_watch(s) != NGX_OK) {
        ngx_http_zoom_curl_trouble(curl, easy, "could not watch a socket");
    }

    /* anything else would end all transfers of the client */

    return 0;
}


/* An idle connection gives back its place when nginx runs out of them. */

static void
ngx_http_zoom_curl_unwant(ngx_http_zoom_curl_t *curl, curl_socket_t fd)
{
    ngx_http_zoom_curl_socket_t  *s;

    s = ngx_http_zoom_curl_socket_find(fd);

    if (s == NULL || s->curl != curl) {
        return;
    }

    if (ngx_http_zoom_curl_socket_gone(s)) {
        ngx_http_zoom_curl_socket_forget(s, NGX_CLOSE_EVENT);
        return;
    }

    s->wants = 0;

    if (!s->own || ngx_http_zoom_curl_socket_watch(s) != NGX_OK) {
        ngx_http_zoom_curl_socket_forget(s, 0);
        return;
    }

    ngx_reusable_connection(s->connection, 1);
}


static int
ngx_http_zoom_curl_timeout(CURLM *multi, long ms, void *data)
{
    ngx_http_zoom_curl_t  *curl = data;

    curl->expired = 0;

    /* the lazy window of ngx_add_timer() is too wide here */

    if (curl->timer.timer_set) {
        ngx_del_timer(&curl->timer);
    }

    if (ms > 0) {
        ngx_add_timer(&curl->timer, (ngx_msec_t) ms);

    } else if (ms == 0) {
        curl->expired = 1;
        ngx_http_zoom_curl_kick(curl);
    }

    return 0;
}


static void
ngx_http_zoom_curl_socket_handler(ngx_event_t *ev)
{
    int                           mask;
    ngx_connection_t             *c;
    ngx_http_zoom_curl_t         *curl;
    ngx_http_zoom_curl_socket_t  *s;

    c = ev->data;
    s = c->data;
    curl = s->curl;

    if (c->close) {

        /*
         * an idle one gives back its place to whoever needs it now, curl
         * keeps the socket; else worker_shutdown_timeout is over
         */

        if (s->wants == 0) {
            ngx_http_zoom_curl_socket_forget(s, 0);
            return;
        }

        curl->closing = 1;
        ngx_http_zoom_curl_kick(curl);
        return;
    }

    mask = ev->write ? CURL_CSELECT_OUT : CURL_CSELECT_IN;

    if (!(s->wants & (ev->write ? CURL_POLL_OUT : CURL_POLL_IN))) {

        /* an idle connection: curl looks at it before it uses it again */

        if (ev->active
            && ngx_del_event(ev, ev->write ? NGX_WRITE_EVENT : NGX_READ_EVENT,
                             0)
               != NGX_OK)
        {
            ngx_log_error(NGX_LOG_ALERT, curl->log, 0,
                          "zoom client: could not drop an event of socket %d",
                          c->fd);
        }

        return;
    }

    ngx_http_zoom_curl_action(curl, c->fd, mask);
}


static void
ngx_http_zoom_curl_timer_handler(ngx_event_t *ev)
{
    ngx_http_zoom_curl_t  *curl;

    curl = ngx_http_zoom_timer_object(ev, ngx_http_zoom_curl_t, timer);

    ngx_http_zoom_curl_action(curl, CURL_SOCKET_TIMEOUT, 0);
}


static void
ngx_http_zoom_curl_kick_handler(ngx_event_t *ev)
{
    ngx_queue_t                  *q;
    ngx_http_zoom_curl_t         *curl;
    ngx_http_zoom_curl_handle_t  *h;

    curl = ngx_http_zoom_timer_object(ev, ngx_http_zoom_curl_t, kick);

    if (curl->closing) {
        curl->closing = 0;
        curl->shutdown(curl->data);
    }

    while (!ngx_queue_empty(&curl->troubled)) {
        q = ngx_queue_head(&curl->troubled);
        h = ngx_queue_data(q, ngx_http_zoom_curl_handle_t, queue);

        ngx_http_zoom_curl_remove(h);

        curl->done(h, CURLE_COULDNT_CONNECT);
    }

    if (curl->expired) {
        curl->expired = 0;
        ngx_http_zoom_curl_action(curl, CURL_SOCKET_TIMEOUT, 0);
    }
}


static void
ngx_http_zoom_curl_action(ngx_http_zoom_curl_t *curl, curl_socket_t fd,
    int mask)
{
    int        running;
    CURLMcode  rc;

    curl->refused = 0;

    rc = curl_multi_socket_action(curl->multi, fd, mask, &running);

    ngx_http_zoom_curl_after(curl);

    while (curl->refused && ngx_http_zoom_curl_sleeps && rc == CURLM_OK) {
        curl->refused = 0;

        rc = curl_multi_socket_all(curl->multi, &running);

        ngx_http_zoom_curl_after(curl);
    }

    if (rc != CURLM_OK) {
        ngx_log_error(NGX_LOG_ALERT, curl->log, 0,
                      "curl_multi_socket_action() failed: %s",
                      curl_multi_strerror(rc));
    }

    ngx_http_zoom_curl_messages(curl);
}


static void
ngx_http_zoom_curl_after(ngx_http_zoom_curl_t *curl)
{
    ngx_queue_t                  *q, *next;
    ngx_http_zoom_curl_socket_t  *s;

    /*
     * nginx would log what is left in the queue as its own failure; mostly
     * that is nothing, and to clear it takes long nevertheless
     */

    if (ERR_peek_error()) {
        ERR_clear_error();
    }

    /* a socket that failed to connect at once is never heard of again */

    for (q = ngx_queue_head(&curl->opened);
         q != ngx_queue_sentinel(&curl->opened);
         q = next)
    {
        next = ngx_queue_next(q);
        s = ngx_queue_data(q, ngx_http_zoom_curl_socket_t, queue);

        s->fresh = 0;

        if (ngx_http_zoom_curl_socket_gone(s)) {
            ngx_http_zoom_curl_socket_forget(s, NGX_CLOSE_EVENT);
        }
    }

    ngx_queue_init(&curl->opened);
}


static void
ngx_http_zoom_curl_messages(ngx_http_zoom_curl_t *curl)
{
    int                           left;
    CURL                         *easy;
    CURLMsg                      *msg;
    CURLcode                      code;
    ngx_http_zoom_curl_handle_t  *h;

    for ( ;; ) {
        msg = curl_multi_info_read(curl->multi, &left);

        if (msg == NULL) {
            return;
        }

        if (msg->msg != CURLMSG_DONE) {
            continue;
        }

        /* the message is gone once the handle is removed */

        easy = msg->easy_handle;
        code = msg->data.result;

        h = NULL;
        (void) curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **) &h);

        if (h == NULL) {
            continue;
        }

        ngx_http_zoom_curl_remove(h);

        curl->done(h, code);
    }
}


static void
ngx_http_zoom_curl_kick(ngx_http_zoom_curl_t *curl)
{
    ngx_post_event(&curl->kick, &ngx_posted_events);
}


static void
ngx_http_zoom_curl_trouble(ngx_http_zoom_curl_t *curl, CURL *easy,
    const char *trouble)
{
    ngx_http_zoom_curl_handle_t  *h;

    h = NULL;
    (void) curl_easy_getinfo(easy, CURLINFO_PRIVATE, (char **) &h);

    if (h == NULL || h->troubled) {
        return;
    }

    h->trouble = trouble;
    h->troubled = 1;

    ngx_queue_insert_tail(&curl->troubled, &h->queue);

    ngx_http_zoom_curl_kick(curl);
}


/* idle connections must not keep a worker that is told to quit */

static void
ngx_http_zoom_curl_count(ngx_http_zoom_curl_t *curl)
{
    curl->timer.cancelable = (curl->running == 0);
}
