/*
 * zoom_authenticate: lines of proofs.  All proofs of a line must hold, any one
 * line suffices.
 */

#ifndef _NGX_HTTP_ZOOM_AUTH_CONF_H_INCLUDED_
#define _NGX_HTTP_ZOOM_AUTH_CONF_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>

#include "zoom_hmac.h"


#define NGX_HTTP_ZOOM_SIGNATURE       "x-webhook-signature"

#define NGX_HTTP_ZOOM_AUTH_NAME_MAX    64
#define NGX_HTTP_ZOOM_AUTH_SECRET_MIN  8


typedef enum {
    NGX_HTTP_ZOOM_AUTH_ATTENDEE = 0,
    NGX_HTTP_ZOOM_AUTH_WEBHOOKS,
    NGX_HTTP_ZOOM_AUTH_ARG,
    NGX_HTTP_ZOOM_AUTH_HEADER,
    NGX_HTTP_ZOOM_AUTH_OFF
} ngx_http_zoom_scheme_e;


typedef struct {
    ngx_uint_t                   scheme;
    ngx_str_t                    name;       /* of the argument or header */
    ngx_str_t                    secret;     /* of an argument or header */
    const zoom_hmac_t           *key;        /* of a signature */
} ngx_http_zoom_proof_t;


typedef struct {
    ngx_array_t                  proofs;     /* ngx_http_zoom_proof_t */
    ngx_str_t                    caller;
    uint32_t                     who;        /* takes turns with others: by
                                                its name, else by its line */
    unsigned                     attendee:1; /* has such a proof */
    unsigned                     webhooks:1;
} ngx_http_zoom_auth_line_t;


/* Names as in zoom_authenticate, by scheme. */
extern ngx_str_t  ngx_http_zoom_schemes[];


/*
 * Reads a scheme as it stands in zoom_authenticate; a header's name is put in
 * lower case where it lies.  NULL, or why not: "has ...", or an empty text if
 * it is none at all.
 */

const char *ngx_http_zoom_proof_scheme(ngx_http_zoom_proof_t *proof,
    ngx_str_t *text);

/*
 * Takes the secret, of which a signature needs the key only: that goes into
 * "key", and the secret is left out of "proof".  NULL, or why it is of no use:
 * "is ...".
 */

const char *ngx_http_zoom_proof_secret(ngx_http_zoom_proof_t *proof,
    const ngx_str_t *secret, zoom_hmac_t *key);

char *ngx_http_zoom_authenticate(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_zoom_set_replay(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);

/* Of a caller with such a name: never 0. */
uint32_t ngx_http_zoom_who(const ngx_str_t *name);

/* Of the directive that is being read, by its place: never 0. */
uint32_t ngx_http_zoom_where(const ngx_conf_t *cf);

/* 1 if there is a line that needs the zone, whatever zoom_replay says. */
ngx_uint_t ngx_http_zoom_auth_remembers(const ngx_array_t *auth);

/* 1 if there is a line that can hold where no body is read. */
ngx_uint_t ngx_http_zoom_auth_without_body(const ngx_array_t *auth);

/* 1 if there is a line with a signature of the body. */
ngx_uint_t ngx_http_zoom_auth_has_body(const ngx_array_t *auth);

/* 1 if there is a line with Attendee's signature and no proof beside it. */
ngx_uint_t ngx_http_zoom_auth_attendee_alone(const ngx_array_t *auth);


#endif /* _NGX_HTTP_ZOOM_AUTH_CONF_H_INCLUDED_ */
