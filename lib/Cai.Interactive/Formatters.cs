using System.Net;
using System.Security.Cryptography;
using System.Text;
using Cai.Figures;
using Cai.Text;
using Microsoft.Data.Analysis;
using Microsoft.DotNet.Interactive.Formatting;

namespace Cai.Interactive;

/// <summary>
/// How the engine shows the kit's values. Tables, transcripts, token strips and claims tell it themselves; here come figures, which can be more than
/// pictures, and plain records.
/// </summary>
internal static class Formatters
{
    private const string Plotly = "https://cdn.plot.ly/plotly-2.28.0.min";

    public static void Register()
    {
        foreach (var type in new[] { typeof(Figure), typeof(FigurePanel) })
        {
            // The engine reads the type's own attribute when it first meets the type, and would then prefer what that says.
            _ = Formatter.GetPreferredMimeTypesFor(type);
            Formatter.Register(type, (value, writer) => writer.Write(Interactive((IRichOutput)value)), Mime.Html);
            Formatter.SetPreferredMimeTypesFor(type, Mime.Html, Mime.Png, Mime.Plain);
        }
        foreach (var type in new[] { typeof(Dialogue), typeof(Prompt), typeof(Revision), typeof(DataFrame) })
        {
            foreach (var mime in new[] { Mime.Html, Mime.Plain })
                Formatter.Register(type, (value, writer) => writer.Write(RichOutput.Of(value)!.MimeBundle()[mime]), mime);
            Formatter.SetPreferredMimeTypesFor(type, Mime.Html, Mime.Plain);
        }
    }

    /// <summary>The figure's picture as HTML.</summary>
    public static string Picture(IRichOutput figure) =>
        $"<img alt=\"{WebUtility.HtmlEncode(figure.MimeBundle()[Mime.Plain].ToString()!.Split('\n')[0])}\" style=\"max-width:100%\" "
        + $"src=\"data:image/png;base64,{figure.MimeBundle()[Mime.Png]}\">";

    /// <summary>
    /// The picture, which the Plotly chart takes the place of as soon as plotly.js is there: offline, and where scripts do not run, the picture stays.
    /// The engine sends Plotly's own mime type as a string, which no front end draws.
    /// </summary>
    private static string Interactive(IRichOutput figure)
    {
        var chart = figure.MimeBundle()[Mime.Plotly].ToString()!.Replace("</", "<\\/");
        var id = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(chart)))[..12];
        // A page that has RequireJS (the classic notebook) must load it that way; the same figure may be shown twice.
        return $$$"""
            <div data-cai-figure="{{{id}}}">{{{Picture(figure)}}}<script type="application/json">{{{chart}}}</script></div>
            <script>(function(){
            function draw(P){document.querySelectorAll('[data-cai-figure="{{{id}}}"]').forEach(function(e){
            if(e.dataset.drawn)return;e.dataset.drawn=1;var f=JSON.parse(e.querySelector('script').textContent),d=document.createElement('div');
            e.appendChild(d);P.newPlot(d,f.data,f.layout,f.config).then(function(){e.querySelector('img').remove()})})}
            if(window.Plotly)draw(window.Plotly);
            else if(window.require&&window.require.config){window.require.config({paths:{'cai-plotly':'{{{Plotly}}}'}});window.require(['cai-plotly'],draw)}
            else{var s=document.createElement('script');s.src='{{{Plotly}}}.js';s.onload=function(){draw(window.Plotly)};document.head.appendChild(s)}
            })()</script>
            """;
    }
}
