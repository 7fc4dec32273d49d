/*
 * The gateway: a caller's request to Zoom's API, with our access token.
 *
 * The call decides when it may go and what the response means; nginx's upstream
 * carries it over a connection that net/ has made, and streams both bodies.
 */

#ifndef _NGX_HTTP_ZOOM_PASS_H_INCLUDED_
#define _NGX_HTTP_ZOOM_PASS_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>
#include <ngx_http.h>

#include "ngx_http_zoom_call.h"
#include "ngx_http_zoom_ctx.h"
#include "ngx_http_zoom_pass_conf.h"
#include "ngx_http_zoom_peer.h"
#include "ngx_http_zoom_writes.h"
#include "zoom_endpoint.h"
#include "zoom_path.h"


/* A refusal of Zoom's is read so far, to know what it means. */
#define NGX_HTTP_ZOOM_PASS_READ  8192

/* What ngx_http_zoom_pass_scopes() writes at most. */
#define NGX_HTTP_ZOOM_PASS_SCOPES  (ZOOM_ENDPOINT_MAX * 2)


typedef enum {
    NGX_HTTP_ZOOM_PASS_ASK = 0,      /* the call: gate, access token, slot */
    NGX_HTTP_ZOOM_PASS_CONNECT,
    NGX_HTTP_ZOOM_PASS_SENT,         /* upstream has it */
    NGX_HTTP_ZOOM_PASS_JUDGED,       /* its response is none for the caller */
    NGX_HTTP_ZOOM_PASS_LOST,         /* its connection ended before one */
    NGX_HTTP_ZOOM_PASS_REDIRECTED,   /* its response says where to go */
    NGX_HTTP_ZOOM_PASS_ANSWER,       /* its response goes to the caller */
    NGX_HTTP_ZOOM_PASS_FAILED,
    NGX_HTTP_ZOOM_PASS_OVER
} ngx_http_zoom_pass_state_e;


/* What zoom_allow says of a request; none where its path is none. */

typedef enum {
    NGX_HTTP_ZOOM_POLICY_NONE = 0,
    NGX_HTTP_ZOOM_POLICY_ALLOW,
    NGX_HTTP_ZOOM_POLICY_DENY
} ngx_http_zoom_policy_e;


/* A response's head, and how far its body has come. */

typedef struct {
    ngx_http_status_t            status;
    ngx_http_chunked_t           chunked;
    zoom_response_t              zoom;       /* what the call is to know */
    ngx_str_t                    location;
    ngx_uint_t                   nheaders;   /* for their bound */
    off_t                        length;     /* of the body, or -1 */
    unsigned                     line:1;     /* the status line has been read */
    unsigned                     head:1;     /* and all of the head */
    unsigned                     has_length:1;
    unsigned                     is_chunked:1;
    unsigned                     close:1;
    unsigned                     whole:1;    /* nothing of it is left on the
                                                connection */
} ngx_http_zoom_pass_response_t;


typedef struct ngx_http_zoom_pass_s  ngx_http_zoom_pass_t;

struct ngx_http_zoom_pass_s {
    ngx_http_request_t          *request;
    ngx_http_zoom_ctx_t         *ctx;
    const ngx_http_zoom_pass_conf_t *conf;
    ngx_http_zoom_pass_state_e   state;

    /* What is asked for. */

    zoom_method_e                method;
    const zoom_endpoint_t       *endpoint;   /* NULL: none is published */
    const char                  *what;       /* "use MCP", where there can be
                                                no endpoint, or NULL */
    zoom_label_e                 label;      /* ZOOM_NLABELS: no limit */
    ngx_http_zoom_policy_e       policy;
    ngx_str_t                    raw;        /* path as it came */
    const ngx_http_zoom_origin_t *origin;    /* where it goes */
    ngx_str_t                    uri;        /* as it is sent */
    ngx_str_t                    denial;     /* why not, for the caller */
    const char                  *refusal;    /* why it failed, likewise */
    u_char                      *words;      /* for a script, if there is one */
    ngx_uint_t                   status;     /* of Zoom's that the caller gets,
                                                or 0 */

    ngx_http_zoom_writes_t       writes;     /* if it writes a meeting */

    /* How it is asked. */

    ngx_http_zoom_call_t         call;
    ngx_http_zoom_exchange_t    *exchange;   /* under way, or NULL */
    ngx_http_zoom_peer_t         peer;
    ngx_event_t                  event;      /* something is to be done outside
                                                of upstream */
    ngx_str_t                    head;       /* of the request; holds the
                                                access token */
    ngx_str_t                    bearer;     /* that, where a redirect may
                                                need it again */
    ngx_uint_t                   hops;       /* redirects followed */
    ngx_connection_t            *connection; /* that upstream is to take */
    const ngx_http_zoom_origin_t *connected; /* where it goes to */
    ngx_connection_t             none;       /* it gets in place of another */
    ngx_event_t                  none_read;
    ngx_event_t                  none_write;
    ngx_recv_pt                  recv;       /* of a connection that is not
                                                listened to any more */
    ngx_http_zoom_pass_response_t  response;
    ngx_chain_t                 *free;       /* for sizes of chunks */
    ngx_chain_t                 *busy;

    unsigned                     reads:1;    /* a POST that may be repeated */
    unsigned                     linked:1;   /* the path: it is a whole link
                                                in an argument */
    unsigned                     beyond:1;   /* the call: it follows a
                                                redirect */
    unsigned                     outside:1;  /* to a host that only Zoom
                                                names */
    unsigned                     strayed:1;  /* has been outside */
    unsigned                     consent:1;  /* a script allows it, */
    unsigned                     scripted:1; /* or does not */
    unsigned                     carried:1;  /* upstream has the request */
    unsigned                     dropping:1;
    unsigned                     parked:1;
    unsigned                     cut:1;      /* the answer has no end */
    unsigned                     chunks:1;   /* the body goes in chunks */
    unsigned                     head_sent:1;
    unsigned                     held:1;     /* the whole body is in memory */
    unsigned                     fresh:1;    /* no connection that was kept */
    unsigned                     reused:1;   /* it was one */
};


/* NULL where a request is not passed, or none is known. */
ngx_http_zoom_pass_t *ngx_http_zoom_pass_get(ngx_http_request_t *r);

/*
 * Which of Zoom's endpoints it is, and whether the caller may: ZOOM_OK and
 * pass->uri, or an error with the reason for the log.
 */

zoom_error_e ngx_http_zoom_pass_decide(ngx_http_zoom_pass_t *pass,
    const char **why);

/*
 * After that, with ctx->target.user: ZOOM_OK, or ZOOM_E_USER_DAILY_LIMIT and
 * how long in ctx->reply.after.
 */

zoom_error_e ngx_http_zoom_pass_take(ngx_http_zoom_pass_t *pass);

/* The part of that for what is no path of the REST API. */
zoom_error_e ngx_http_zoom_pass_decide_mcp(ngx_http_zoom_pass_t *pass);
zoom_error_e ngx_http_zoom_pass_decide_download(ngx_http_zoom_pass_t *pass,
    const char **why);

/* Of a GraphQL request, when its body has been read. */
zoom_error_e ngx_http_zoom_pass_decide_graphql(ngx_http_zoom_pass_t *pass,
    const char **why);

/*
 * Path and arguments of the request line, with the path below the location,
 * which is "/" at least unless that is all there may be.  NULL, or why not.
 */

const char *ngx_http_zoom_pass_raw(ngx_http_zoom_pass_t *pass,
    zoom_str_t *raw);

/*
 * Writes pass->uri: the path of the origin, "path", and the request's arguments
 * but for those that are a proof.  ZOOM_OK, or an error and why.
 */

zoom_error_e ngx_http_zoom_pass_write(ngx_http_zoom_pass_t *pass,
    const zoom_path_t *path, const char **why);

/*
 * Looks at a response that says where to go.  NGX_OK: pass->origin and
 * pass->uri are that, NGX_DECLINED: it is none, NGX_ERROR: it is of no use.
 */

ngx_int_t ngx_http_zoom_pass_redirect(ngx_http_zoom_pass_t *pass);

/* Takes a whole link apart, likewise.  ZOOM_OK, or an error and why. */
zoom_error_e ngx_http_zoom_pass_link(ngx_http_zoom_pass_t *pass,
    ngx_str_t *link, const char **why);

/*
 * Asks the location's script about what has been decided; the request goes on
 * with what it says.
 */

ngx_int_t ngx_http_zoom_pass_script(ngx_http_zoom_pass_t *pass);

/* Goes on when all has been decided: for ngx_http_finalize_request(). */
ngx_int_t ngx_http_zoom_pass_decided(ngx_http_zoom_pass_t *pass,
    zoom_error_e error, const char *why);

/* For the table in ngx_http_zoom_api.h; nothing where nothing is passed. */
void ngx_http_zoom_pass_bot(ngx_http_request_t *r,
    struct ngx_http_zoom_bot_s *bot);
ngx_int_t ngx_http_zoom_pass_parameter(ngx_http_request_t *r, ngx_uint_t n,
    ngx_str_t *name, ngx_str_t *value);

/* What it is called in logs and by scripts. */
void ngx_http_zoom_pass_word(const ngx_http_zoom_pass_t *pass,
    ngx_str_t *policy);
const ngx_str_t *ngx_http_zoom_pass_label(const ngx_http_zoom_pass_t *pass);

/* Appends the scopes that count for its endpoint; there is one. */
void ngx_http_zoom_pass_scopes(zoom_buf_t *b, const ngx_http_zoom_pass_t *pass,
    const char *divider);

/* Begins, when the body may be read. */
void ngx_http_zoom_pass_call(ngx_http_zoom_pass_t *pass);

/* Ends what is under way, when the request goes. */
void ngx_http_zoom_pass_cancel(ngx_http_zoom_pass_t *pass);

/* The end of the call without a response: answers the caller. */
void ngx_http_zoom_pass_failed(ngx_http_zoom_pass_t *pass);

/* Writes pass->head.  NGX_ERROR: no memory, or it is too large. */
ngx_int_t ngx_http_zoom_pass_head(ngx_http_zoom_pass_t *pass,
    const ngx_str_t *access);
void ngx_http_zoom_pass_wipe(ngx_http_zoom_pass_t *pass);

/* Wipes pass->bearer. */
void ngx_http_zoom_pass_forget(ngx_http_zoom_pass_t *pass);

/* As upstream wants them; a body of unknown length in chunks. */
ngx_int_t ngx_http_zoom_pass_create_request(ngx_http_request_t *r);
ngx_int_t ngx_http_zoom_pass_send_chunks(void *data, ngx_chain_t *in);

/*
 * Hands the request over to upstream, with the connection: which ends in
 * ngx_http_zoom_pass_responded(), in ngx_http_zoom_pass_lost(), or in the
 * request being finalized.
 */

ngx_int_t ngx_http_zoom_pass_carry(ngx_http_zoom_pass_t *pass,
    ngx_connection_t *c);

/* Takes it back, if upstream has it; not from inside of it. */
void ngx_http_zoom_pass_drop(ngx_http_zoom_pass_t *pass);

/*
 * The head of a response is there, and so much of its body as it takes to know
 * what it means: 1 if it goes to the caller.
 */

ngx_uint_t ngx_http_zoom_pass_responded(ngx_http_zoom_pass_t *pass);

/* There will be none.  "why" is for the log. */
void ngx_http_zoom_pass_lost(ngx_http_zoom_pass_t *pass, const char *why,
    ngx_uint_t timedout);

/* Upstream has finalized the request. */
void ngx_http_zoom_pass_finalized(ngx_http_zoom_pass_t *pass);

/* Callbacks of upstream's for the response. */
ngx_int_t ngx_http_zoom_pass_process_header(ngx_http_request_t *r);
ngx_int_t ngx_http_zoom_pass_filter_init(void *data);
ngx_int_t ngx_http_zoom_pass_filter(void *data, ssize_t bytes);


/* $zoom_policy, $zoom_endpoint, $zoom_scope, $zoom_label, $zoom_audit. */
ngx_int_t ngx_http_zoom_pass_variables_add(ngx_conf_t *cf);


/* Stands for Zoom's hosts, where upstream wants a name. */
extern ngx_http_upstream_srv_conf_t  ngx_http_zoom_pass_server;


#endif /* _NGX_HTTP_ZOOM_PASS_H_INCLUDED_ */
