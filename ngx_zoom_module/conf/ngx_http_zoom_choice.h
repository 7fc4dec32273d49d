/* Parameters that are one of a few words, and messages that list them. */

#ifndef _NGX_HTTP_ZOOM_CHOICE_H_INCLUDED_
#define _NGX_HTTP_ZOOM_CHOICE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


#define NGX_HTTP_ZOOM_CHOICE_MAX  256


/*
 * Writes n names, '"a", "b" or "c"', into "text", which has
 * NGX_HTTP_ZOOM_CHOICE_MAX bytes, and returns the length.  The first name is
 * the ngx_str_t at "names", the others follow "size" bytes apart.
 */

size_t ngx_http_zoom_choice(u_char *text, const void *names, size_t size,
    ngx_uint_t n);

/* ngx_conf_set_enum_slot(), but an error lists what may be said. */
char *ngx_http_zoom_set_enum(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);


#endif /* _NGX_HTTP_ZOOM_CHOICE_H_INCLUDED_ */
