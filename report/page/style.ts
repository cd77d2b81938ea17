import { CAUSES_SCHEME, DARK, LIGHT, variables } from './colours.ts';

/** The page's only style sheet. */
export const STYLE: string = `
:root{color-scheme:light dark;${variables(LIGHT)}${variables(CAUSES_SCHEME)}}
@media screen and (prefers-color-scheme:dark){:root{${variables(DARK)}}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-behavior:smooth}
@media (prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
.skip{position:absolute;left:-999px;top:0;background:var(--accent);color:var(--paper);padding:10px 16px;z-index:2}
.skip:focus{left:0}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
header,main,footer{max-width:1120px;margin:0 auto;padding:0 24px}
header{padding-top:56px}
.wordmark{margin:0 0 10px;font-size:14px;letter-spacing:.02em;color:var(--soft)}
.wordmark b{color:var(--accent);font-weight:700}
h1{margin:0;font-size:clamp(28px,4.6vw,44px);line-height:1.13;letter-spacing:-.02em;font-weight:700;max-width:22em;text-wrap:balance;overflow-wrap:anywhere}
.subtitle{margin:14px 0 0;font-size:19px;line-height:1.5;color:var(--soft);max-width:46em;overflow-wrap:anywhere}
h2{margin:0 0 8px;font-size:28px;line-height:1.2;letter-spacing:-.012em;text-wrap:balance}
h3{margin:40px 0 8px;font-size:19px;line-height:1.3;overflow-wrap:anywhere}
section{margin-top:76px;scroll-margin-top:16px}
section>p,figcaption,.question,.answer{max-width:68ch}
.intro{color:var(--soft);margin:0 0 8px}
a{color:var(--accent);text-underline-offset:3px}
nav{max-width:1120px;margin:28px auto 0;padding:0 24px}
nav ul{display:flex;flex-wrap:wrap;gap:6px 22px;list-style:none;margin:0;padding:12px 0;border-block:1px solid var(--rule);font-size:15px}
nav a{text-decoration:none}
nav a:hover{text-decoration:underline}
dl{display:grid;grid-template-columns:max-content minmax(0,1fr);gap:4px 20px;margin:26px 0 0;font-size:14px;color:var(--soft)}
dt{font-weight:600}
dd{margin:0;overflow-wrap:anywhere}
code{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;color:var(--ink);overflow-wrap:anywhere}
.findings{margin:18px 0 0;padding:0;list-style:none;display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,320px),1fr));gap:14px 32px}
.findings li{border-left:3px solid var(--accent);padding:1px 0 1px 14px}
.findings b{display:block;font-weight:600;overflow-wrap:anywhere}
.findings span{color:var(--soft)}
.figures{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,460px),1fr));gap:52px 48px;margin-top:28px;align-items:start}
.figures.broad{grid-template-columns:minmax(0,1fr)}
@media (min-width:1500px){header,main,footer,nav{max-width:1200px}}
figure{margin:0;min-width:0;scroll-margin-top:16px}
.figure-title{margin:0 0 4px;font-size:18px;line-height:1.3;text-wrap:balance}
.question{margin:0 0 10px;color:var(--soft);font-size:15px}
figcaption{margin-top:8px;font-size:14.5px;line-height:1.5;overflow-wrap:anywhere}
details{margin-top:8px;font-size:14px}
summary{cursor:pointer;color:var(--accent);width:max-content;max-width:100%}
.chart{display:block;width:100%;height:auto;max-width:600px;overflow:visible;font-size:13px;fill:var(--ink)}
.chart text{white-space:pre;font-variant-numeric:tabular-nums}
.chart .small{font-size:11.5px;fill:var(--soft)}
.panels{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,215px),1fr));gap:18px 12px}
.panel-title{margin:0;font-size:14px;font-weight:600}
.panels .chart{max-width:320px}
.scroll{overflow-x:auto;max-width:100%}
.scroll:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
.wide .chart{min-width:640px;max-width:760px;margin:0 auto}
.legend{display:flex;flex-wrap:wrap;gap:4px 20px;margin:0 0 8px;padding:0;list-style:none;font-size:14px}
.legend li{display:flex;align-items:center;gap:7px}
.legend.causes{margin:18px 0 0}
.key{flex:none;font-size:12px}
table{border-collapse:collapse;margin:8px 0;font-size:13.5px;line-height:1.4;font-variant-numeric:tabular-nums}
th,td{text-align:left;vertical-align:top;padding:5px 18px 5px 0;font-weight:400;border-bottom:1px solid var(--grid)}
td,tbody th{max-width:62ch;overflow-wrap:break-word}
td:last-child:not(.number){min-width:16em}
.group{padding-top:16px;font-weight:600;max-width:none}
thead th{font-weight:600;border-bottom:1px solid var(--rule);white-space:nowrap;color:var(--soft)}
.number{text-align:right}
.socket{fill:none;stroke:var(--raised);stroke-linecap:round;stroke-linejoin:round}
.lane{fill:none;stroke:var(--rule);opacity:.62}
.load{fill:none;stroke:currentColor}
.arrow{fill:currentColor}
.node{fill:var(--paper);stroke:var(--rule)}
.halo{paint-order:stroke;stroke:var(--paper);stroke-width:4.5px;stroke-linejoin:round}
.timeline .row{fill:none;pointer-events:all}
.timeline .cpu{fill:currentColor}
.timeline .memory{fill:var(--h1);stroke:var(--soft);stroke-width:1.2}
.timeline .base{fill:none;stroke:var(--rule)}
.timeline .axis{fill:none;stroke:var(--rule)}
.timeline .since{fill:none;stroke:var(--soft);stroke-dasharray:3 3}
.timeline .part{fill:var(--h2)}
.timeline .part.even{fill:var(--h1);stroke:var(--h3);stroke-width:.6}
.timeline .part~text{fill:var(--t2)}
.mark:focus{outline:none}
.mark:focus-visible{outline:2.5px solid var(--ink);outline-offset:2px}
.tip{position:fixed;left:0;top:0;max-width:min(340px,90vw);padding:7px 11px;background:var(--ink);color:var(--paper);font-size:13.5px;line-height:1.4;border-radius:4px;pointer-events:none;z-index:3;overflow-wrap:anywhere;visibility:hidden}
.tip.shown{visibility:visible}
.warnings li{overflow-wrap:anywhere}
footer{margin-top:88px;padding-top:20px;padding-bottom:56px;border-top:1px solid var(--rule);font-size:14px;color:var(--soft)}
@media (max-width:520px){header,main,footer,nav{padding-left:16px;padding-right:16px}header{padding-top:32px}section{margin-top:56px}h2{font-size:24px}dl{grid-template-columns:minmax(0,1fr);gap:0}dt{margin-top:8px}.chart{font-size:14px}.chart .small{font-size:12.5px}}
@media print{@page{margin:14mm}body{font-size:10.5pt}h1{font-size:24pt}h2{font-size:17pt}h3{font-size:12pt;margin-top:20px}.question{font-size:9.5pt}td:last-child:not(.number){min-width:0}header{padding-top:0}nav,.skip,.tip,summary{display:none}details:not([open]){display:none}section{margin-top:28px}figure,tr,.findings li{break-inside:avoid}h2,h3,.question,.legend{break-after:avoid}.figures{grid-template-columns:1fr 1fr;gap:26px 26px}.scroll{overflow:visible}.wide .chart{min-width:0}.chart{max-width:100%}.figures.broad .chart{max-width:150mm}figcaption{font-size:8.5pt}.figure-title{font-size:11pt}table{font-size:8pt;width:100%}th,td{padding:2pt 8pt 2pt 0}thead th{white-space:normal}a{color:inherit;text-decoration:none}footer{margin-top:30px}}
`;
