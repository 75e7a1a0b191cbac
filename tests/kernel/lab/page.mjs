// JupyterLab's notebook, without the rest of JupyterLab: Debian has no package of it and npm has its parts only. The parts
// are the same, so what works on this page works there: messages, outputs, widgets of the notebook. Opens ?nb=FILE.
import '@jupyterlab/theme-light-extension/style/theme.css';
import '@jupyterlab/notebook/style/index.js';
import '@lumino/widgets/style/index.css';
import { CodeMirrorEditorFactory, CodeMirrorMimeTypeService, EditorExtensionRegistry, EditorLanguageRegistry, EditorThemeRegistry, ybinding } from '@jupyterlab/codemirror';
import { DocumentManager } from '@jupyterlab/docmanager';
import { DocumentRegistry } from '@jupyterlab/docregistry';
import { NotebookActions, NotebookModelFactory, NotebookPanel, NotebookWidgetFactory } from '@jupyterlab/notebook';
import { RenderMimeRegistry, standardRendererFactories } from '@jupyterlab/rendermime';
import { ServiceManager } from '@jupyterlab/services';
import { Widget } from '@lumino/widgets';

const manager = new ServiceManager();
await manager.ready;
const languages = new EditorLanguageRegistry();
EditorLanguageRegistry.getDefaultLanguages().forEach(language => languages.addLanguage(language));
const extensions = new EditorExtensionRegistry();
EditorExtensionRegistry.getDefaultExtensions({ themes: new EditorThemeRegistry() }).forEach(extension => extensions.addExtension(extension));
extensions.addExtension({
  name: 'shared-model-binding',
  factory: ({ model }) => EditorExtensionRegistry.createImmutableExtension(ybinding({ ytext: model.sharedModel.ysource, undoManager: model.sharedModel.undoManager ?? undefined })),
});
const registry = new DocumentRegistry();
registry.addModelFactory(new NotebookModelFactory({}));
registry.addWidgetFactory(new NotebookWidgetFactory({
  name: 'Notebook', modelName: 'notebook', fileTypes: ['notebook'], defaultFor: ['notebook'], preferKernel: true, canStartKernel: true,
  rendermime: new RenderMimeRegistry({ initialFactories: standardRendererFactories }),
  contentFactory: new NotebookPanel.ContentFactory({ editorFactory: new CodeMirrorEditorFactory({ extensions, languages }).newInlineEditor }),
  mimeTypeService: new CodeMirrorMimeTypeService(languages),
}));
const opener = { open: widget => { widget.id = 'notebook'; Widget.attach(widget, document.body); }, opened: { connect: () => false, disconnect: () => false } };
const panel = new DocumentManager({ registry, manager, opener }).open(new URLSearchParams(location.search).get('nb'));
await panel.context.ready;
await panel.sessionContext.ready;
window.lab = {
  kernel: () => panel.sessionContext.session.kernel,
  save: () => panel.context.save(),
  run: index => {
    panel.content.activeCellIndex = index;
    return NotebookActions.run(panel.content, panel.sessionContext);
  },
};
